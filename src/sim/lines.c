/* SPDX-License-Identifier: Apache-2.0
 *
 * lines.c - read lines through zlib, which passes plain text through
 */
#include "sim/lines.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

struct lines {
    gzFile file;
    char *name;
    size_t number;
    char line[LINES_LENGTH_MAX + 2];
};

int lines_open_fd(int fd, const char *name, struct lines **ret, struct err *err)
{
    struct lines *lines = xcalloc(1, sizeof(*lines));

    lines->file = gzdopen(fd, "r");
    if (!lines->file) {
        (void)close(fd);
        free(lines);
        return err_set(err, ENOMEM, "%s: no memory for decompression", name);
    }
    (void)gzbuffer(lines->file, 1 << 17);
    lines->name = xstrdup(name);
    *ret = lines;
    return 0;
}

int lines_open(const char *path, struct lines **ret, struct err *err)
{
    const bool is_stdin = strcmp(path, "-") == 0;
    const int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                            : open(path, O_RDONLY | O_CLOEXEC);

    if (is_stdin)
        path = "standard input";
    if (fd < 0)
        return err_sys(err, errno, "%s", path);
    return lines_open_fd(fd, path, ret, err);
}

void lines_close(struct lines *lines)
{
    if (!lines)
        return;
    (void)gzclose_r(lines->file);
    free(lines->name);
    free(lines);
}

static int refuse(const struct lines *lines, int code, const char *words,
                  struct err *err)
{
    return err_set(err, code, "%s:%zu: %s", lines->name, lines->number, words);
}

/* No line came: the end, or a failure. */
static int at_end(struct lines *lines, struct err *err)
{
    int code;
    const char *words = gzerror(lines->file, &code);

    if (code == Z_OK || code == Z_STREAM_END)
        return 0;
    lines->number++;
    return code == Z_ERRNO ? refuse(lines, EIO, strerror(errno), err)
                           : refuse(lines, EINVAL, words, err);
}

int lines_next(struct lines *lines, char **ret_line, struct err *err)
{
    size_t len;

    *ret_line = NULL;
    if (!gzgets(lines->file, lines->line, sizeof(lines->line)))
        return at_end(lines, err);
    lines->number++;
    len = strlen(lines->line);
    if (len == sizeof(lines->line) - 1 && lines->line[len - 1] != '\n')
        return refuse(lines, EINVAL, "the line is too long", err);
    while (len > 0 && strchr("\r\n", lines->line[len - 1]))
        lines->line[--len] = '\0';
    *ret_line = lines->line;
    return 0;
}

size_t lines_number(const struct lines *lines)
{
    return lines->number;
}

const char *lines_name(const struct lines *lines)
{
    return lines->name;
}
