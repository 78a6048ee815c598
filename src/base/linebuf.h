/* SPDX-License-Identifier: Apache-2.0
 *
 * linebuf.h - whole lines out of bytes that come in pieces
 */
#ifndef BERTH_BASE_LINEBUF_H
#define BERTH_BASE_LINEBUF_H

#include <stddef.h>

#include "base/strbuf.h"

/* A longer line is handed on in pieces of about this many bytes. */
#define LINEBUF_MAX (64u << 10)

/* Bytes of a line, or of a piece of one, its newline included where it has come. */
typedef void linebuf_fn(const char *line, size_t len, void *ctx);

/* Hand on what becomes whole with these bytes; 'part' keeps the rest. */
void linebuf_take(struct strbuf *part, const char *bytes, size_t len, linebuf_fn *fn,
                  void *ctx);
/* There are no more bytes: hand on what is left. */
void linebuf_end(struct strbuf *part, linebuf_fn *fn, void *ctx);

#endif
