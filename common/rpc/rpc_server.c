/* rpc_server.c */
