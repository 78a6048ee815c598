/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_diag.c - berth diag: what the controller has done, and how long that took
 */
#include "cli/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/document.h"

struct diag_args {
    struct common common;
    bool reset;
};

static const struct usage usage = {
    .synopsis = "berth diag [options]",
    .about =
        "Show what the controller has done: jobs, passes of the scheduler, and who "
        "asked for what.\nA mean time far above the others names what keeps it busy.",
    .examples = "  berth diag\n"
                "  berth diag --json | jq '.users[0]'\n"
                "  berth diag --reset\n",
};

static const struct opt opts[] = {
    {"reset", 0, OPT_NONE, NULL, opt_flag, offsetof(struct diag_args, reset), 0,
     "count from now on (administrators)", 0},
    OPTS_COMMON(struct diag_args, common),
    OPTS_END,
};

static void print_since(const char *what, int64_t when)
{
    char text[32] = "-";
    time_t t = (time_t)when;
    struct tm tm;

    if (when && localtime_r(&t, &tm))
        (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    printf("%-12s %s\n", what, text);
}

static void print_summary(const Berth__Diag *d)
{
    print_since("up since", d->started_at);
    print_since("counts since", d->since);
    printf("%-12s %" PRIu32 "\n", "connections", d->connections);
    printf("%-12s %" PRIu64 " submitted, %" PRIu64 " started, %" PRIu64
           " completed, %" PRIu64 " failed, %" PRIu64 " cancelled\n",
           "jobs", d->submitted, d->started, d->completed, d->failed, d->cancelled);
    printf("%-12s %" PRIu32 " wait, %" PRIu32 " run\n", "now", d->pending, d->running);
    printf("%-12s %" PRIu64 ", mean %" PRIu64 " us, longest %" PRIu64
           " us, last %" PRIu64 " us with %" PRIu32 " jobs before it\n",
           "passes", d->passes, d->passes ? d->pass_usec / d->passes : 0,
           d->pass_max_usec, d->pass_last_usec, d->queue);
    printf("%-12s %" PRIu64 "\n", "commits", d->commits);
}

static void print_counts(const char *title, Berth__RequestCount *const *counts,
                         size_t n)
{
    if (n == 0)
        return;
    printf("\n%-32s %10s %10s %12s\n", title, "COUNT", "MEAN_US", "TOTAL_US");
    for (size_t i = 0; i < n; i++)
        printf("%-32s %10" PRIu64 " %10" PRIu64 " %12" PRIu64 "\n", counts[i]->name,
               counts[i]->count,
               counts[i]->count ? counts[i]->usec / counts[i]->count : 0,
               counts[i]->usec);
}

int cmd_diag(int argc, char **argv)
{
    struct diag_args args = {.reset = false};
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__Diag *diag = NULL;
    struct berth_err err;
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next < argc) {
        say_error("%s: it takes no operands", argv[next]);
        return STATUS_USAGE;
    }
    if (link_open(args.common.config, &berth) < 0)
        return STATUS_FAILED;
    if (berth_diag(berth, args.reset, &diag, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    if (args.common.json) {
        document_print_json(document_of(&diag->base, false), stdout);
    } else if (!args.reset) {
        print_summary(diag);
        print_counts("REQUEST", diag->requests, diag->n_requests);
        print_counts("USER", diag->users, diag->n_users);
    }
    return STATUS_OK;
}
