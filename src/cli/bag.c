/* SPDX-License-Identifier: Apache-2.0
 *
 * bag.c - a bag of commands before and after it runs: input, log, summary
 */
#include "cli/bag_priv.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/bag_words.h"
#include "cli/say.h"

/* -------------------------------------------------------------------- input */

/* A command that does not have to be run: it has been. */
static bool is_done(struct bag *bag)
{
    if (!bag_done_count(bag->done))
        return false;
    return bag_done_has(bag->done, bag->next_index,
                        bag_argv_hash(bag->next_argv.s, bag->next_argv.len));
}

/* Have the next command ready: true when there is one. */
bool bag_look_ahead(struct bag *bag)
{
    struct err err;

    while (!bag->has_next && !bag->source_ended) {
        int rc = bag_source_next(bag->source, &bag->next_index, &bag->next_argv, &err);

        if (rc == -EAGAIN)
            return false;
        if (rc < 0)
            say_error("%s", err.text);
        bag->source_failed |= rc < 0;
        bag->source_ended = rc <= 0;
        bag->has_next = rc > 0 && !is_done(bag);
        bag->report.skipped += rc > 0 && !bag->has_next;
    }
    return bag->has_next;
}

/* ------------------------------------------------------------------- clock */

static int sooner(int64_t a, int64_t b)
{
    int64_t n = a < 0 ? b : b < 0 || a < b ? a : b;

    return n > 60000 ? 60000 : (int)n;
}

/* What is due by the clock; ms until more is. */
int bag_tick(struct bag *bag)
{
    int64_t now = clock_ms();
    struct err err;

    bag->report.now_ms = now;
    bag->report.running = bag_ledger_count(bag->ledger);
    if (bag->source_ended)
        bag->report.total = bag->report.skipped + bag->report.succeeded +
                            bag->report.failed + bag->report.running;
    if (bag->log && bag_log_flush(bag->log, now, false, &err) < 0) {
        bag_report_hide(&bag->report);
        say_error("%s", err.text);
    }
    return sooner(bag->log ? bag_log_due_in(bag->log, now) : -1,
                  bag->output && !bag->is_over ? bag_report_draw(&bag->report) : -1);
}

/* ---------------------------------------------------------------------- end */

static void show_outcome(struct bag *bag)
{
    struct bag_report *report = &bag->report;
    struct strbuf sb = STRBUF_INIT;

    bag_report_hide(report);
    bag_report_table(report, &sb);
    if (sb.len)
        (void)fwrite(sb.s, 1, sb.len, stderr);
    strbuf_cut(&sb, 0);
    bag_report_sentence(report, &sb);
    if (report->failed || !report->is_complete)
        say_error("%s", sb.s);
    else
        say_info("%s", sb.s);
    strbuf_cut(&sb, 0);
    if (bag->args->json) {
        bag_report_json(report, &sb);
        (void)fwrite(sb.s, 1, sb.len, stdout);
    }
    strbuf_fini(&sb);
}

int bag_outcome(struct bag *bag)
{
    struct bag_report *report = &bag->report;
    struct err err;

    report->is_complete = bag->source_ended && !bag->source_failed && !bag->has_next &&
                          bag_ledger_count(bag->ledger) == 0;
    if (bag->log) {
        if (report->is_complete)
            bag_log_complete(bag->log);
        if (bag_log_flush(bag->log, clock_ms(), true, &err) < 0)
            say_error("%s", err.text);
    }
    (void)bag_tick(bag);
    show_outcome(bag);
    if (fflush(stdout) || ferror(stdout))
        return 1;
    if (report->interrupted)
        return 128 + SIGINT;
    if (bag->status)
        return bag->status > 255 ? 255 : bag->status;
    return report->failed || !report->is_complete ? 1 : 0;
}

/* --------------------------------------------------------------------- open */

bool bag_is_wanted(const struct job_args *args)
{
    return args->bag.file || args->bag.range;
}

char *bag_name(const struct job_args *args)
{
    char *slash = args->bag.file ? strrchr(args->bag.file, '/') : NULL;

    static char unnamed[] = "bag";

    if (!args->bag.file || strcmp(args->bag.file, "-") == 0)
        return unnamed;
    return slash ? slash + 1 : args->bag.file;
}

/* Beside the input, unless another was named; none for what has no file. */
static char *log_path(const struct bag_args *args)
{
    if (args->log)
        return strcmp(args->log, "none") == 0 ? NULL : xstrdup(args->log);
    if (!args->file || strcmp(args->file, "-") == 0)
        return NULL;
    return xasprintf("%s.baglog", args->file);
}

static int open_log(struct bag *bag, struct err *err)
{
    const struct bag_args *args = &bag->args->bag;

    bag->log_path = log_path(args);
    bag->report.log = bag->log_path ? bag->log_path : "";
    if (!bag->log_path)
        return args->resume ? err_set(err, EINVAL,
                                      "--resume: by which log? Name it with "
                                      "--bag-log")
                            : 0;
    return bag_log_open(bag->log_path, args->resume, &bag->log, &bag->done, err);
}

static void bag_free(struct bag *bag)
{
    if (!bag)
        return;
    bag_source_close(bag->source);
    bag_log_close(bag->log);
    bag_done_destroy(bag->done);
    bag_ledger_destroy(bag->ledger);
    bag_output_destroy(bag->output);
    bag_report_fini(&bag->report);
    strbuf_fini(&bag->next_argv);
    free(bag->log_path);
    free(bag);
}

int bag_open(struct job_args *args, char *const *words)
{
    struct bag *bag = xcalloc(1, sizeof(*bag));
    struct err err;
    int rc;

    bag->args = args;
    bag->ledger = bag_ledger_create();
    bag->report.has_terminal = isatty(STDERR_FILENO) && !args->quiet;
    rc = bag_source_open(args->bag.file, args->bag.range, words, &bag->source, &err);
    if (!rc)
        rc = open_log(bag, &err);
    if (rc < 0) {
        say_error("%s", err.text);
        bag_free(bag);
        return 1;
    }
    bag->report.total = bag_source_total(bag->source);
    if (args->bag.resume && bag_done_count(bag->done))
        say_info("%zu commands succeeded before, by %s; what had ended but was not "
                 "recorded yet is run again",
                 bag_done_count(bag->done), bag->log_path);
    bag->report.began_ms = clock_ms();
    if (bag_look_ahead(bag) || !bag->source_ended) {
        args->bag.opened = bag;
        return -1;
    }
    /* Nothing is left: no nodes are needed for that. */
    rc = bag_outcome(bag);
    bag_free(bag);
    return rc;
}

void bag_close(struct job_args *args)
{
    bag_free(take(args->bag.opened));
}
