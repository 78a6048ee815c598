/* SPDX-License-Identifier: Apache-2.0
 *
 * answer.c - an HTTP answer, read as it comes
 *
 *     STATUS -> HEADER ... -> BODY (by length, or to the end)     -> WHOLE
 *        ^  (1xx) |       \-> SIZE -> CHUNK -> CHUNK_END -> SIZE ... 0 -> TRAILER
 *        +--------+
 */
#include "probe/answer.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

enum part { STATUS, HEADER, BODY, SIZE, CHUNK, CHUNK_END, TRAILER, WHOLE };

#define LENGTH_MAX (INT64_C(1) << 60)

void http_answer_init(struct http_answer *answer)
{
    *answer = (struct http_answer){.part = STATUS, .line = STRBUF_INIT, .length = -1};
}

void http_answer_fini(struct http_answer *answer)
{
    free(answer->location);
    strbuf_fini(&answer->line);
}

static int refuse(struct err *err, const char *what)
{
    return err_set(err, EPROTO, "malformed HTTP response: %s", what);
}

/* "HTTP/1.1 200 OK" */
static int read_status(struct http_answer *answer, const char *line, struct err *err)
{
    if (strncmp(line, "HTTP/1.", 7) != 0 || !isdigit((unsigned char)line[7]) ||
        line[8] != ' ')
        return refuse(err, "no status line");
    for (int i = 9; i < 12; i++)
        if (!isdigit((unsigned char)line[i]))
            return refuse(err, "no status code");
    if (line[12] && line[12] != ' ')
        return refuse(err, "no status code");
    answer->status = atoi(line + 9);
    if (answer->status < 100)
        return refuse(err, "no status code");
    answer->part = HEADER;
    return 0;
}

static int read_length(struct http_answer *answer, const char *value, struct err *err)
{
    int64_t length = 0;

    if (!*value)
        return refuse(err, "bad Content-Length");
    for (const char *c = value; *c; c++) {
        if (!isdigit((unsigned char)*c) || length > LENGTH_MAX / 10)
            return refuse(err, "bad Content-Length");
        length = length * 10 + (*c - '0');
    }
    if (answer->length >= 0 && answer->length != length)
        return refuse(err, "two lengths");
    answer->length = length;
    return 0;
}

/* Without blanks around it; 'line' is changed. */
static char *value_of(char *colon)
{
    char *value = colon + 1 + strspn(colon + 1, " \t");
    size_t len = strlen(value);

    while (len && strchr(" \t", value[len - 1]))
        value[--len] = '\0';
    return value;
}

static int read_header(struct http_answer *answer, char *line, struct err *err)
{
    char *colon = strchr(line, ':'), *value;

    if (!colon || colon == line)
        return refuse(err, "a header without a name");
    *colon = '\0';
    value = value_of(colon);
    if (strcasecmp(line, "Content-Length") == 0)
        return read_length(answer, value, err);
    if (strcasecmp(line, "Transfer-Encoding") == 0) {
        if (strcasecmp(value, "chunked") != 0)
            return refuse(err, "unknown Transfer-Encoding");
        answer->is_chunked = true;
    } else if (strcasecmp(line, "Location") == 0 && !answer->location) {
        answer->location = xstrdup(value);
    }
    return 0;
}

static bool has_no_body(int status)
{
    return status < 200 || status == 204 || status == 304;
}

/* The empty line. What is only on the way (100 Continue) is followed by an answer. */
static void end_head(struct http_answer *answer)
{
    if (answer->status < 200 && answer->status != 101) {
        answer->part = STATUS;
        answer->status = 0;
        answer->length = -1;
        answer->is_chunked = false;
    } else if (has_no_body(answer->status) ||
               (!answer->is_chunked && answer->length == 0)) {
        answer->part = WHOLE;
    } else {
        answer->part = answer->is_chunked ? SIZE : BODY;
    }
}

static int read_size(struct http_answer *answer, const char *line, struct err *err)
{
    int64_t size = 0;
    const char *c = line;

    for (; isxdigit((unsigned char)*c); c++) {
        if (size > LENGTH_MAX >> 4)
            return refuse(err, "bad chunk");
        size = size * 16 + (isdigit((unsigned char)*c)
                                ? *c - '0'
                                : tolower((unsigned char)*c) - 'a' + 10);
    }
    if (c == line || (*c && !strchr("; \t", *c)))
        return refuse(err, "bad chunk");
    answer->length = size;
    answer->part = size ? CHUNK : TRAILER;
    return 0;
}

static int read_line(struct http_answer *answer, char *line, struct err *err)
{
    switch ((enum part)answer->part) {
    case STATUS:
        return read_status(answer, line, err);
    case HEADER:
        if (*line)
            return read_header(answer, line, err);
        end_head(answer);
        return 0;
    case SIZE:
        return read_size(answer, line, err);
    case CHUNK_END:
        if (*line)
            return refuse(err, "bad chunk");
        answer->part = SIZE;
        return 0;
    case TRAILER:
        if (!*line)
            answer->part = WHOLE;
        return 0;
    case BODY:
    case CHUNK:
    case WHOLE:
        break;
    }
    return 0;
}

/* Bytes up to the end of a line, or all; how many in *ret_taken. */
static int take_line(struct http_answer *answer, const char *bytes, size_t len,
                     size_t *ret_taken, struct err *err)
{
    const char *end = memchr(bytes, '\n', len);
    size_t n = end ? (size_t)(end - bytes) + 1 : len;
    int r;

    *ret_taken = n;
    answer->head += n;
    if (answer->head > ANSWER_HEAD_MAX)
        return refuse(err, "headers without end");
    strbuf_add(&answer->line, bytes, n - !!end);
    if (!end)
        return 0;
    if (answer->line.len && answer->line.s[answer->line.len - 1] == '\r')
        strbuf_cut(&answer->line, answer->line.len - 1);
    if (answer->line.len && strlen(answer->line.s) != answer->line.len)
        return refuse(err, "a NUL in a header");
    r = read_line(answer, answer->line.len ? answer->line.s : (char[]){""}, err);
    strbuf_cut(&answer->line, 0);
    return r;
}

static size_t take_body(struct http_answer *answer, size_t len)
{
    size_t n = len;

    if (answer->length >= 0 && (uint64_t)answer->length < n)
        n = (size_t)answer->length;
    if (answer->length >= 0)
        answer->length -= (int64_t)n;
    answer->body += n;
    if (answer->body >= ANSWER_BODY_MAX)
        answer->part = WHOLE;
    else if (answer->length == 0)
        answer->part = answer->is_chunked ? CHUNK_END : WHOLE;
    return n;
}

int http_answer_take(struct http_answer *answer, const char *bytes, size_t len,
                     struct err *err)
{
    while (len && answer->part != WHOLE) {
        size_t n;
        int r = 0;

        if (answer->part == BODY || answer->part == CHUNK)
            n = take_body(answer, len);
        else
            r = take_line(answer, bytes, len, &n, err);
        if (r < 0)
            return r;
        bytes += n;
        len -= n;
    }
    return answer->part == WHOLE;
}

int http_answer_end(struct http_answer *answer, struct err *err)
{
    if (answer->part == WHOLE || (answer->part == BODY && answer->length < 0))
        return 1;
    if (!answer->status && !answer->line.len)
        return err_set(err, EPROTO, "EOF");
    return err_set(err, EPROTO, "unexpected EOF");
}
