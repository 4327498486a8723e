/* rpc_status.c */
