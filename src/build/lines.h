/* SPDX-License-Identifier: Apache-2.0
 *
 * lines.h - physical lines of a Containerfile to logical ones
 *
 * Parser directives are taken off the top, comments and empty lines dropped, lines
 * that end in the escape character joined, here-documents gathered.
 */
#ifndef BERTH_BUILD_LINES_H
#define BERTH_BUILD_LINES_H

#include "build/containerfile.h"

struct line_reader {
    const char *at, *end;
    unsigned int line; /* of 'at', from 1 */
    char escape;
    char **warnings;
    bool said_empty; /* once is enough */
};

struct logical_line {
    unsigned int line; /* it begins on */
    char *text;        /* trimmed in front, without newline */
    struct heredoc *docs;
    size_t n_docs;
};

/* Begin, and read the directives; -EINVAL for one that is wrong. */
int lines_begin(struct line_reader *reader, const char *bytes, size_t len,
                unsigned int *ret_line, struct err *err);
/* The next one: 1 and '*ret' (to be given to logical_line_fini), 0 at the end,
 * -EINVAL for a here-document without an end, or a byte that no text has;
 * '*ret_line' says where. */
int lines_next(struct line_reader *reader, struct logical_line *ret,
               unsigned int *ret_line, struct err *err);
void lines_end(struct line_reader *reader);

void logical_line_fini(struct logical_line *line);
void heredocs_free(struct heredoc *docs, size_t n);

#endif
