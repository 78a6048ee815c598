/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_lines.c - lines out of bytes that come in pieces
 */
#include "cli/bag_lines.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/bag_words.h"

void bag_lines_feed(struct bag_lines *lines, const void *bytes, size_t len)
{
    struct strbuf *sb = &lines->bytes;

    if (lines->start && sb->s) {
        memmove(sb->s, sb->s + lines->start, sb->len - lines->start + 1);
        strbuf_cut(sb, sb->len - lines->start);
    }
    lines->start = 0;
    strbuf_add(sb, bytes, len);
}

void bag_lines_end(struct bag_lines *lines)
{
    lines->has_ended = true;
}

/* The length of the next line, or SIZE_MAX when its end is not there. */
static size_t line_length(struct bag_lines *lines)
{
    const char *from = lines->bytes.s + lines->start;
    size_t left = lines->bytes.len - lines->start;
    const char *newline = memchr(from + lines->searched, '\n', left - lines->searched);

    if (newline)
        return (size_t)(newline - from);
    lines->searched = left;
    return lines->has_ended && left ? left : SIZE_MAX;
}

static int judge(const struct bag_lines *lines, const char *line, size_t len,
                 struct err *err)
{
    if (len >= BAG_LINE_MAX)
        return err_set(err, E2BIG, "line %" PRIu64 ": longer than %u bytes",
                       lines->number + 1, BAG_LINE_MAX - 1);
    if (memchr(line, '\0', len))
        return err_set(err, EINVAL, "line %" PRIu64 ": a NUL byte in it",
                       lines->number + 1);
    return 0;
}

int bag_lines_next(struct bag_lines *lines, const char **ret_line, struct err *err)
{
    while (lines->bytes.len > lines->start) {
        char *line = lines->bytes.s + lines->start;
        size_t len = line_length(lines);
        bool is_whole = len != SIZE_MAX;
        int rc = judge(lines, line, is_whole ? len : lines->searched, err);

        if (rc < 0)
            return rc;
        if (!is_whole)
            return 0;
        lines->start += len + (lines->start + len < lines->bytes.len);
        lines->searched = 0;
        lines->number++;
        line[len] = '\0';
        if (len && line[len - 1] == '\r')
            line[len - 1] = '\0';
        if (bag_line_is_empty(line))
            continue;
        *ret_line = line;
        return 1;
    }
    return 0;
}

void bag_lines_fini(struct bag_lines *lines)
{
    strbuf_fini(&lines->bytes);
}
