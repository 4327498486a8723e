/*
 * words.h - plausible Vietnamese names and titles, in NFC and without quotes or backslashes.
 */
#ifndef LOADTEST_WORDS_H
#define LOADTEST_WORDS_H

#include "random.h"

struct buffer;

enum { DISTRICTS = 9 };

/* The districts of the province, and the Department in place 0 of offices. */
struct district {
    const char *id;   /* "ba-tri" */
    const char *name; /* "huyện Ba Tri" */
    const char *code; /* "836" */
};
extern const struct district districts[DISTRICTS];

/* "Nguyễn Thị Ngọc Lan" */
void append_person(struct buffer *out, struct random *random);
/* "Công ty TNHH Chế biến dừa Phú Thịnh" */
void append_enterprise(struct buffer *out, struct random *random);
/* "Phong Nẫm" */
const char *any_commune(struct random *random);
/* "công nhân vận hành" */
const char *any_position(struct random *random);
/* "Hoàn thành vượt mức kế hoạch sản xuất" */
const char *any_promise(struct random *random);
/* "Đã tổ chức họp đơn vị và phân công từng bộ phận" */
const char *any_progress(struct random *random);

#endif
