/* standard_write.c */
