/* json_decode.c */
