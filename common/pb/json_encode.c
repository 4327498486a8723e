/* json_encode.c */
