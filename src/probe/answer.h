/* SPDX-License-Identifier: Apache-2.0
 *
 * answer.h - an HTTP answer, read as it comes
 *
 * Takes what a server that nobody vouches for sends. Keeps the status and where it
 * redirects to; the body is counted, not kept.
 */
#ifndef BERTH_PROBE_ANSWER_H
#define BERTH_PROBE_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

#define ANSWER_HEAD_MAX (64u << 10) /* of all headers: more is no answer */
#define ANSWER_BODY_MAX (10u << 10) /* of the body: more is not waited for */

struct http_answer {
    int status;     /* 0: it has not come */
    char *location; /* NULL: none was said */
    /* For reading on: */
    int part;
    struct strbuf line;
    size_t head, body;
    bool is_chunked;
    int64_t length; /* of the body, or left of the chunk; -1: until the end */
};

void http_answer_init(struct http_answer *answer);
void http_answer_fini(struct http_answer *answer);

/* The next bytes. 1: it is whole, or enough of it; 0: there is more to come; -EPROTO
 * with words: this is no HTTP. */
int http_answer_take(struct http_answer *answer, const char *bytes, size_t len,
                     struct err *err);

/* There are no more bytes. 1 or -EPROTO as above. */
int http_answer_end(struct http_answer *answer, struct err *err);

#endif
