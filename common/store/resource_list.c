/* resource_list.c */
