/*
 * csv.h - a page of a list as a table (RFC 4180): a header row, then a row for each resource.
 *
 * Columns are the fields in descriptor order; those of singular messages stand on their own,
 * named by their path ("displayName.vi"). Wrappers are their value; what is unset is an empty
 * cell; repeated fields and maps are JSON in one cell, empty without elements. Lines end in CR LF;
 * UTF-8 without a byte order mark.
 *
 * A spreadsheet takes some texts for formulas. So a text (never a number) that begins with
 * = + - @ (also full width), tab, CR, LF or an apostrophe gets an apostrophe before it: taking
 * one leading apostrophe off every text gives back what is stored.
 */
#ifndef PB_CSV_H
#define PB_CSV_H

#include "base/buffer.h"

#include <protobuf-c/protobuf-c.h>

enum { CSV_DEPTH_MAX = 6, CSV_PATH_BYTES = 512 };

/* The items of a page: the one repeated message field of a type that also has next_page_token, or
 * next_cursor. NULL when the type is no page. */
const ProtobufCFieldDescriptor *csv_items(const ProtobufCMessageDescriptor *type);

/* Appends the table of a page, whose type must be one. False when a value of it has no JSON form,
 * as json_encode(): the buffer has failed then, too. */
bool csv_encode(struct buffer *buffer, const ProtobufCMessage *page);

/* One cell as it is: quoted where it has to be, without an apostrophe. */
void csv_append_cell(struct buffer *buffer, struct slice cell);

/* One cell of text, with the apostrophe where it is needed. */
void csv_append_text(struct buffer *buffer, struct slice text);

#endif
