/* http_head.c */
