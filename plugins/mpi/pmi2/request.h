/* SPDX-License-Identifier: Apache-2.0
 *
 * request.h - what a task asks for: a command, and words by name
 *
 *     PMI-1   cmd=put kvsname=k key=a value=the rest of the line\n
 *     PMI-2   "   42cmd=kvs-put;key=a;value=one ;; is a semicolon;"
 *
 * Pure. The text comes from a task, so nothing about it is believed.
 */
#ifndef PMI2_REQUEST_H
#define PMI2_REQUEST_H

#include <stddef.h>

#define REQUEST_PAIRS 1024

struct request {
    const char *cmd;
    size_t n;
    struct {
        const char *key, *value;
    } pairs[REQUEST_PAIRS];
};

/* Take apart a line without its end, or a frame's 'len' bytes after the length; 'text'
 * has a NUL there. It is changed, and the request points into it. 0; -EPROTO: it does
 * not begin with a command, has a part that is no pair, or too many. */
int request_parse_line(char *text, struct request *ret);
int request_parse_frame(char *text, size_t len, struct request *ret);

/* The first value of that name, or NULL. */
const char *request_get(const struct request *request, const char *key);
/* The same as a number; 'otherwise' when it is not there or none. */
long request_number(const struct request *request, const char *key, long otherwise);

#endif
