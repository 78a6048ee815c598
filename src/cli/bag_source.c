/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_source.c - the commands of a bag, one after the other, as they are needed
 */
#include "cli/bag_source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/bag_lines.h"
#include "cli/bag_words.h"
#include "spec/array_spec.h"

#define READ_SIZE 65536

struct bag_source {
    const char *name; /* of the file, for words */
    char *const *words;
    int fd; /* -1: a range */
    bool is_own, may_wait;
    bool has_ended;
    struct bag_lines lines;
    struct array_spec range;
    uint64_t next; /* index of a line's command; of a range the lowest that is left */
    uint64_t total;
};

static int read_some(struct bag_source *source, struct err *err)
{
    static char bytes[READ_SIZE];
    struct pollfd poll_fd = {.fd = source->fd, .events = POLLIN};
    ssize_t n;

    if (source->may_wait && poll(&poll_fd, 1, 0) <= 0)
        return -EAGAIN;
    n = read(source->fd, bytes, sizeof(bytes));
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return -EAGAIN;
    if (n < 0)
        return err_sys(err, errno, "%s", source->name);
    if (n == 0) {
        source->has_ended = true;
        bag_lines_end(&source->lines);
        return 0;
    }
    bag_lines_feed(&source->lines, bytes, (size_t)n);
    return 0;
}

/* 1 and the line; 0 at the end; -EAGAIN; another error. */
static int next_line(struct bag_source *source, const char **ret_line, struct err *err)
{
    for (;;) {
        int rc = bag_lines_next(&source->lines, ret_line, err);

        if (rc < 0)
            return err_wrap(err, "%s", source->name);
        if (rc > 0 || source->has_ended)
            return rc;
        rc = read_some(source, err);
        if (rc < 0)
            return rc;
    }
}

/* Judge all lines and count the commands, then go back to the start. */
static int look_through(struct bag_source *source, struct err *err)
{
    off_t start = lseek(source->fd, 0, SEEK_CUR);
    const char *line;
    int rc;

    while ((rc = next_line(source, &line, err)) > 0)
        source->total++;
    if (rc < 0)
        return rc;
    if (lseek(source->fd, start, SEEK_SET) < 0)
        return err_sys(err, errno, "%s", source->name);
    bag_lines_fini(&source->lines);
    source->lines = (struct bag_lines){.number = 0};
    source->has_ended = false;
    return 0;
}

static int open_file(struct bag_source *source, const char *file, struct err *err)
{
    struct stat st;

    source->name = strcmp(file, "-") == 0 ? "stdin" : file;
    if (strcmp(file, "-") == 0) {
        source->fd = STDIN_FILENO;
    } else {
        source->fd = open(file, O_RDONLY | O_CLOEXEC);
        source->is_own = true;
    }
    if (source->fd < 0 || fstat(source->fd, &st) < 0)
        return err_sys(err, errno, "--bag: %s", file);
    if (S_ISDIR(st.st_mode))
        return err_set(err, EISDIR, "--bag: %s is a directory", file);
    source->may_wait = !S_ISREG(st.st_mode);
    return source->may_wait ? 0 : look_through(source, err);
}

static int open_range(struct bag_source *source, const char *range, struct err *err)
{
    int rc = array_spec_parse(range, &source->range, err);

    source->fd = -1;
    if (rc < 0)
        return err_wrap(err, "--bag-range");
    if (!source->words[0])
        return err_set(err, EINVAL,
                       "--bag-range: run what? Give a program: "
                       "berth run --bag-range %s -- program {}",
                       range);
    source->total = array_spec_count(&source->range);
    return 0;
}

int bag_source_open(const char *file, const char *range, char *const *words,
                    struct bag_source **ret, struct err *err)
{
    struct bag_source *source = xcalloc(1, sizeof(*source));
    int rc;

    source->words = words;
    source->fd = -1;
    rc = file ? open_file(source, file, err) : open_range(source, range, err);
    if (rc < 0)
        bag_source_close(source);
    else
        *ret = source;
    return rc;
}

void bag_source_close(struct bag_source *source)
{
    if (!source)
        return;
    if (source->is_own && source->fd >= 0)
        close(source->fd);
    bag_lines_fini(&source->lines);
    array_spec_fini(&source->range);
    free(source);
}

uint64_t bag_source_total(const struct bag_source *source)
{
    return source->total;
}

uint32_t bag_source_limit(const struct bag_source *source)
{
    return source->range.limit;
}

int bag_source_fd(const struct bag_source *source)
{
    return source->may_wait && !source->has_ended ? source->fd : -1;
}

static int next_of_range(struct bag_source *source, uint64_t *ret_index,
                         struct strbuf *ret_argv)
{
    uint32_t index = source->next > ARRAY_INDEX_MAX
                         ? ARRAY_NONE
                         : array_spec_next(&source->range, (uint32_t)source->next);
    char text[16];

    if (index == ARRAY_NONE)
        return 0;
    source->next = (uint64_t)index + 1;
    (void)snprintf(text, sizeof(text), "%" PRIu32, index);
    bag_template_argv(source->words, text, index, false, ret_argv);
    *ret_index = index;
    return 1;
}

int bag_source_next(struct bag_source *source, uint64_t *ret_index,
                    struct strbuf *ret_argv, struct err *err)
{
    const char *line;
    int rc;

    if (source->fd < 0)
        return next_of_range(source, ret_index, ret_argv);
    rc = next_line(source, &line, err);
    if (rc <= 0)
        return rc;
    *ret_index = source->next++;
    if (source->words[0])
        bag_template_argv(source->words, line, *ret_index, true, ret_argv);
    else
        bag_line_argv(line, ret_argv);
    return 1;
}
