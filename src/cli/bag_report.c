/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_report.c - how a bag goes and went, for people and as JSON
 */
#include "cli/bag_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/say.h"

#define ROWS_MAX 20
#define TAIL_LINES 3
#define DRAW_MS 200
#define BAR_MAX 30
#define COLUMNS 80

void bag_report_fini(struct bag_report *report)
{
    for (uint64_t i = 0; i < report->n_failures; i++) {
        free(report->failures[i].node);
        free(report->failures[i].command);
        free(report->failures[i].words);
        free(report->failures[i].tail);
    }
    free(report->failures);
}

void bag_report_fail(struct bag_report *report, const struct bag_failure *failure)
{
    report->failed++;
    if (report->n_failures == BAG_FAILURES_KEPT) {
        free(failure->node);
        free(failure->command);
        free(failure->words);
        free(failure->tail);
        return;
    }
    report->failures =
        xrealloc(report->failures, report->n_failures + 1, sizeof(*report->failures));
    report->failures[report->n_failures++] = *failure;
}

/* How it ended: "exit 3", "SIGKILL", "timed out", "node lost". The caller frees it. */
static char *failure_words(const struct bag_failure *failure)
{
    if (failure->is_lost)
        return xstrdup("node lost");
    if (failure->timed_out)
        return xstrdup("timed out");
    if (failure->signo)
        return xstrdup(signal_name(failure->signo));
    return xasprintf("exit %d", failure->code);
}

/* -------------------------------------------------------------------- line */

static uint64_t ended(const struct bag_report *report)
{
    return report->succeeded + report->failed;
}

static double seconds(const struct bag_report *report)
{
    int64_t ms = report->now_ms - report->began_ms;

    return ms > 0 ? (double)ms / 1000 : 0.001;
}

static double rate(const struct bag_report *report)
{
    return (double)ended(report) / seconds(report);
}

static void add_bar(struct strbuf *sb, uint64_t done, uint64_t total,
                    unsigned int width)
{
    unsigned int filled = total ? (unsigned int)(done * width / total) : 0;

    strbuf_putc(sb, '[');
    for (unsigned int i = 0; i < width; i++)
        strbuf_putc(sb, i < filled ? '=' : ' ');
    strbuf_puts(sb, "] ");
}

static void add_left(const struct bag_report *report, uint64_t done, struct strbuf *sb)
{
    double left = (double)(report->total - done) / rate(report);
    cleanup(freep) char *text = NULL;

    if (left >= 1e8)
        return;
    text = duration_format((int64_t)(left + 0.5));
    strbuf_printf(sb, ", %s left", text);
}

void bag_report_line(const struct bag_report *report, unsigned int width,
                     struct strbuf *sb)
{
    uint64_t done = report->skipped + ended(report);

    if (report->total && width > 60)
        add_bar(sb, done, report->total, width - 60 < BAR_MAX ? width - 60 : BAR_MAX);
    strbuf_printf(sb, "%" PRIu64, done);
    if (report->total)
        strbuf_printf(sb, " of %" PRIu64, report->total);
    if (report->failed)
        strbuf_printf(sb, ", %" PRIu64 " failed", report->failed);
    strbuf_printf(sb, ", %.*f/s", rate(report) < 10 ? 1 : 0, rate(report));
    if (report->total > done && ended(report))
        add_left(report, done, sb);
    if (sb->len > width)
        strbuf_cut(sb, width);
}

static unsigned int columns(void)
{
    struct winsize size = {0};

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
        return COLUMNS;
    return size.ws_col;
}

int64_t bag_report_draw(struct bag_report *report)
{
    int64_t due = report->drawn_ms + DRAW_MS - report->now_ms;
    struct strbuf sb = STRBUF_INIT;

    if (!report->has_terminal)
        return -1;
    if (due > 0)
        return due;
    bag_report_line(report, columns() - 1, &sb);
    (void)fprintf(stderr, "\r\033[K%s", sb.s);
    (void)fflush(stderr);
    strbuf_fini(&sb);
    report->is_drawn = true;
    report->drawn_ms = report->now_ms;
    return DRAW_MS;
}

void bag_report_hide(struct bag_report *report)
{
    if (!report->is_drawn)
        return;
    report->is_drawn = false;
    (void)fputs("\r\033[K", stderr);
    (void)fflush(stderr);
}

/* ------------------------------------------------------------------- table */

/* The last lines, each indented; bytes that a terminal would obey are left out. */
static void add_tail(struct strbuf *sb, const char *tail)
{
    size_t end = strlen(tail), start;
    int lines = 0;

    while (end && tail[end - 1] == '\n')
        end--;
    for (start = end; start; start--)
        if (tail[start - 1] == '\n' && ++lines == TAIL_LINES)
            break;
    if (start == end)
        return;
    strbuf_puts(sb, "           | ");
    for (; start < end; start++) {
        unsigned char c = (unsigned char)tail[start];

        if (c == '\n')
            strbuf_puts(sb, "\n           | ");
        else if (c == '\t' || (c >= ' ' && c != 127))
            strbuf_putc(sb, (char)c);
    }
    strbuf_putc(sb, '\n');
}

static void add_row(struct strbuf *sb, const struct bag_failure *failure)
{
    cleanup(freep) char *how = failure_words(failure);

    strbuf_printf(sb, "%10" PRIu64 "  %-10s  %-12s  %7" PRIu32 "  %9.3f  %s\n",
                  failure->index, how, failure->node, failure->attempts,
                  (double)failure->usec / 1e6, failure->command);
    if (failure->words && failure->words[0])
        strbuf_printf(sb, "           | %s\n", failure->words);
    if (failure->tail)
        add_tail(sb, failure->tail);
}

void bag_report_table(const struct bag_report *report, struct strbuf *sb)
{
    uint64_t rows = report->n_failures < ROWS_MAX ? report->n_failures : ROWS_MAX;

    if (!rows)
        return;
    strbuf_printf(sb, "%10s  %-10s  %-12s  %7s  %9s  %s\n", "INDEX", "END", "NODE",
                  "ATTEMPT", "SECONDS", "COMMAND");
    for (uint64_t i = 0; i < rows; i++)
        add_row(sb, &report->failures[i]);
    if (report->failed > rows)
        strbuf_printf(sb, "%10s  and %" PRIu64 " more%s%s\n", "", report->failed - rows,
                      report->log[0] ? ", see " : "", report->log);
}

static uint64_t not_run(const struct bag_report *report)
{
    uint64_t known = report->skipped + ended(report);

    return report->total > known ? report->total - known : report->running;
}

void bag_report_sentence(const struct bag_report *report, struct strbuf *sb)
{
    strbuf_printf(sb, "%" PRIu64 " commands succeeded", report->succeeded);
    if (report->failed)
        strbuf_printf(sb, ", %" PRIu64 " failed", report->failed);
    if (report->skipped)
        strbuf_printf(sb, ", %" PRIu64 " had succeeded before", report->skipped);
    if (report->retried)
        strbuf_printf(sb, ", %" PRIu64 " attempts were repeated", report->retried);
    if (report->lost)
        strbuf_printf(sb, " (%" PRIu64 " for a lost node)", report->lost);
    if (!report->is_complete)
        strbuf_printf(sb, ", %" PRIu64 " did not end", not_run(report));
    strbuf_printf(sb, "; %.1f s, %.*f/s", seconds(report), rate(report) < 10 ? 1 : 0,
                  rate(report));
    if (!report->is_complete && report->log[0])
        strbuf_printf(sb, "; --resume goes on by %s", report->log);
}

/* -------------------------------------------------------------------- JSON */

/* Bytes of the UTF-8 character at 's'; 0: it is none. */
static size_t utf8_length(const char *s)
{
    const unsigned char *u = (const unsigned char *)s;
    size_t n = u[0] < 0x80   ? 1
               : u[0] < 0xc2 ? 0
               : u[0] < 0xe0 ? 2
               : u[0] < 0xf0 ? 3
                             : 4;

    if (u[0] > 0xf4 || (u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) ||
        (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((u[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

static void add_string(struct strbuf *sb, const char *name, const char *s)
{
    strbuf_printf(sb, "\"%s\": \"", name);
    for (; s && *s;) {
        size_t n = utf8_length(s);

        if (n == 0)
            strbuf_puts(sb, "\xef\xbf\xbd");
        else if (n == 1 && (*s == '"' || *s == '\\'))
            strbuf_printf(sb, "\\%c", *s);
        else if (n == 1 && ((unsigned char)*s < ' ' || *s == 127))
            strbuf_printf(sb, "\\u%04x", (unsigned int)*s);
        else
            strbuf_add(sb, s, n);
        s += n ? n : 1;
    }
    strbuf_putc(sb, '"');
}

static void add_failure(struct strbuf *sb, const struct bag_failure *failure)
{
    strbuf_printf(sb,
                  "{\"index\": %" PRIu64 ", \"exit_code\": %d, \"signal\": %d, "
                  "\"timed_out\": %s, \"node_lost\": %s, \"attempts\": %" PRIu32
                  ", \"seconds\": %.6f, ",
                  failure->index, failure->code, failure->signo,
                  failure->timed_out ? "true" : "false",
                  failure->is_lost ? "true" : "false", failure->attempts,
                  (double)failure->usec / 1e6);
    add_string(sb, "node", failure->node);
    strbuf_puts(sb, ", ");
    add_string(sb, "command", failure->command);
    strbuf_puts(sb, ", ");
    add_string(sb, "words", failure->words);
    strbuf_puts(sb, ", ");
    add_string(sb, "stderr", failure->tail);
    strbuf_putc(sb, '}');
}

void bag_report_json(const struct bag_report *report, struct strbuf *sb)
{
    strbuf_printf(sb,
                  "{\n  \"succeeded\": %" PRIu64 ",\n  \"failed\": %" PRIu64
                  ",\n  \"skipped\": %" PRIu64 ",\n  \"not_ended\": %" PRIu64
                  ",\n  \"retried\": %" PRIu64 ",\n  \"lost\": %" PRIu64
                  ",\n  \"complete\": %s,\n  \"interrupted\": %s,\n"
                  "  \"max_failures_reached\": %s,\n  \"seconds\": %.3f,\n"
                  "  \"commands_per_second\": %.1f,\n  \"busy_seconds\": %.6f,\n  ",
                  report->succeeded, report->failed, report->skipped,
                  report->is_complete ? 0 : not_run(report), report->retried,
                  report->lost, report->is_complete ? "true" : "false",
                  report->interrupted ? "true" : "false",
                  report->out_of_failures ? "true" : "false", seconds(report),
                  rate(report), (double)report->busy_usec / 1e6);
    add_string(sb, "log", report->log);
    strbuf_puts(sb, ",\n  \"failures\": [");
    for (uint64_t i = 0; i < report->n_failures; i++) {
        strbuf_puts(sb, i ? ",\n    " : "\n    ");
        add_failure(sb, &report->failures[i]);
    }
    strbuf_puts(sb, report->n_failures ? "\n  ]\n}\n" : "]\n}\n");
}
