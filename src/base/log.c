/* SPDX-License-Identifier: Apache-2.0
 *
 * log.c - one line to stderr, in one write
 */
#include "base/log.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

static const char *const level_names[] = {
    [LOG_ERROR] = "error",
    [LOG_WARN] = "warn",
    [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug",
};

static const char *log_program = "berth";
static atomic_int log_level = LOG_INFO;

void log_init(const char *program, enum log_level level)
{
    log_program = program;
    atomic_store(&log_level, (int)level);
}

int log_level_parse(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(level_names); i++)
        if (strcmp(name, level_names[i]) == 0)
            return (int)i;
    return -1;
}

static void add_head(struct strbuf *line, enum log_level level)
{
    struct timespec now;
    struct tm tm;
    char stamp[32];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)localtime_r(&now.tv_sec, &tm);
    (void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
    strbuf_printf(line, "%s.%03ld %s[%d]: %s: ", stamp, now.tv_nsec / 1000000,
                  log_program, (int)getpid(), level_names[level]);
}

/* Bytes above 127 pass, so names in UTF-8 stay readable. */
static void add_escaped(struct strbuf *line, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '\n')
            strbuf_puts(line, "\\n");
        else if (c < 0x20 || c == 0x7f)
            strbuf_printf(line, "\\x%02x", c);
        else
            strbuf_putc(line, (char)c);
    }
}

void log_write(enum log_level level, const char *fmt, ...)
{
    struct strbuf line = STRBUF_INIT;
    char text[LINE_MAX_BYTES];
    va_list ap;

    if ((int)level > atomic_load(&log_level))
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    add_head(&line, level);
    add_escaped(&line, text);
    strbuf_putc(&line, '\n');
    (void)io_write_full(STDERR_FILENO, line.s, line.len);
    strbuf_fini(&line);
}
