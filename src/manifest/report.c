/* SPDX-License-Identifier: Apache-2.0
 *
 * report.c - gather problems, and put them into words
 */
#include "manifest/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/strbuf.h"

void report_fini(struct report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        free(report->problems[i].path);
        free(report->problems[i].text);
    }
    free(report->problems);
    *report = (struct report){.n = 0};
}

static char *format(const char *fmt, va_list args)
{
    char *text = NULL;

    BUG_ON(vasprintf(&text, fmt, args) < 0);
    return text;
}

/* Takes 'text' over. */
static void add(struct report *report, bool is_error, const struct node *node,
                const char *path, char *text)
{
    *(is_error ? &report->n_errors : &report->n_warnings) += 1;
    if (report->n == PROBLEMS_MAX) {
        free(text);
        return;
    }
    report->problems =
        xrealloc(report->problems, report->n + 1, sizeof(*report->problems));
    report->problems[report->n++] = (struct problem){
        .is_error = is_error,
        .line = node ? node->line : 0,
        .column = node ? node->column : 0,
        .path = xstrdup(path),
        .text = text,
    };
}

void report_error(struct report *report, const struct node *node, const char *path,
                  const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add(report, true, node, path, format(fmt, args));
    va_end(args);
}

void report_warning(struct report *report, const struct node *node, const char *path,
                    const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add(report, false, node, path, format(fmt, args));
    va_end(args);
}

char *problem_format(const struct problem *problem, const char *file)
{
    struct strbuf out = STRBUF_INIT;

    strbuf_puts(&out, file);
    if (problem->line)
        strbuf_printf(&out, ":%u", problem->line);
    if (problem->path[0])
        strbuf_printf(&out, ": %s", problem->path);
    strbuf_printf(&out, ": %s", problem->text);
    return strbuf_take(&out);
}
