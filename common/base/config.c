/* config.c - the table of variables: filled, checked, and shown to people. */
#include "base/config.h"
