/* SPDX-License-Identifier: Apache-2.0
 *
 * text.h - bytes that grow at the end and are taken from the front
 */
#ifndef PMI2_TEXT_H
#define PMI2_TEXT_H

#include <stddef.h>

/* Begins as {0}. 's' has a NUL after its 'len' bytes once something was added. */
struct text {
    char *s;
    size_t len, size;
};

/* Out of memory ends the process. */
void text_add(struct text *text, const void *data, size_t len);
void text_addf(struct text *text, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The first 'n' bytes are done with. */
void text_drop(struct text *text, size_t n);
void text_fini(struct text *text);

#endif
