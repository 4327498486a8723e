/* rpc_client.c */
