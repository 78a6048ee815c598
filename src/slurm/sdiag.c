/* SPDX-License-Identifier: Apache-2.0
 *
 * sdiag.c - sdiag: what the controller has done
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "slurm/load_error.h"
#include "slurm/slurm.h"

struct sdiag_args {
    struct slurm_common common;
    bool all, reset, by_name, by_time, by_mean;
};

static const struct slurm_usage usage = {
    .synopsis = "sdiag [-r]",
    .about = "Show what the controller has done since it started.",
};

static const struct opt opts[] = {
    {"all", 'a', OPT_NONE, NULL, opt_flag, offsetof(struct sdiag_args, all), 0,
     "everything: the default", 0},
    {"reset", 'r', OPT_NONE, NULL, opt_flag, offsetof(struct sdiag_args, reset), 0,
     "count from now on", 0},
    {"sort-by-id", 'i', OPT_NONE, NULL, opt_flag, offsetof(struct sdiag_args, by_name),
     0, "requests in the order of their names", 0},
    {"sort-by-time", 't', OPT_NONE, NULL, opt_flag,
     offsetof(struct sdiag_args, by_time), 0, "by the time that they took in all", 0},
    {"sort-by-time2", 'T', OPT_NONE, NULL, opt_flag,
     offsetof(struct sdiag_args, by_mean), 0, "by the time that each took", 0},
    {"cluster", 0, OPT_NEEDED, "NAME", opt_string,
     offsetof(struct sdiag_args, common.clusters), 0, NULL, 0},
    SLURM_OPTS(struct sdiag_args, common, 'h'),
    OPTS_END,
};

/* "Thu Nov 26 04:50:06 2026 (1795668606)" */
static void print_when(const char *what, int64_t when)
{
    time_t t = (time_t)when;
    struct tm tm;
    char text[64] = "";

    if (when && localtime_r(&t, &tm))
        (void)strftime(text, sizeof(text), "%a %b %d %H:%M:%S %Y", &tm);
    printf("%s %s (%" PRId64 ")\n", what, text, when);
}

static void print_jobs(const Berth__Diag *d)
{
    printf("Server thread count:  1\nAgent queue size:     0\n\n");
    printf("Jobs submitted: %" PRIu64 "\n", d->submitted);
    printf("Jobs started:   %" PRIu64 "\n", d->started);
    printf("Jobs completed: %" PRIu64 "\n", d->completed);
    printf("Jobs canceled:  %" PRIu64 "\n", d->cancelled);
    printf("Jobs failed:    %" PRIu64 "\n\n", d->failed);
    print_when("Job states ts: ", d->now);
    printf("Jobs pending:   %" PRIu32 "\n", d->pending);
    printf("Jobs running:   %" PRIu32 "\n\n", d->running);
}

static void print_passes(const Berth__Diag *d)
{
    printf("Main schedule statistics (microseconds):\n");
    printf("\tLast cycle:   %" PRIu64 "\n", d->pass_last_usec);
    printf("\tMax cycle:    %" PRIu64 "\n", d->pass_max_usec);
    printf("\tTotal cycles: %" PRIu64 "\n", d->passes);
    printf("\tMean cycle:   %" PRIu64 "\n", d->passes ? d->pass_usec / d->passes : 0);
    printf("\tLast queue length: %" PRIu32 "\n\n", d->queue);
}

static uint64_t mean(const Berth__RequestCount *count)
{
    return count->count ? count->usec / count->count : 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(Berth__RequestCount *const *)a)->name,
                  (*(Berth__RequestCount *const *)b)->name);
}

static int by_time(const void *a, const void *b)
{
    uint64_t x = (*(Berth__RequestCount *const *)a)->usec;
    uint64_t y = (*(Berth__RequestCount *const *)b)->usec;

    return (x < y) - (x > y);
}

static int by_mean(const void *a, const void *b)
{
    uint64_t x = mean(*(Berth__RequestCount *const *)a);
    uint64_t y = mean(*(Berth__RequestCount *const *)b);

    return (x < y) - (x > y);
}

/* They come with the most frequent first. */
static void sort(const struct sdiag_args *args, Berth__RequestCount **counts, size_t n)
{
    if (args->by_name)
        qsort(counts, n, sizeof(*counts), by_name);
    else if (args->by_time)
        qsort(counts, n, sizeof(*counts), by_time);
    else if (args->by_mean)
        qsort(counts, n, sizeof(*counts), by_mean);
}

static void print_counts(const char *title, Berth__RequestCount *const *counts,
                         size_t n)
{
    printf("Remote Procedure Call statistics by %s\n", title);
    for (size_t i = 0; i < n; i++)
        printf("\t%-40s count:%-6" PRIu64 " ave_time:%-6" PRIu64 " total_time:%" PRIu64
               "\n",
               counts[i]->name, counts[i]->count, mean(counts[i]), counts[i]->usec);
    printf("\n");
}

static void print_diag(const Berth__Diag *d)
{
    static const char rule[] =
        "*******************************************************";

    printf("%s\n", rule);
    print_when("sdiag output at", d->now);
    print_when("Data since     ", d->since);
    printf("%s\n", rule);
    print_jobs(d);
    print_passes(d);
    print_counts("message type", d->requests, d->n_requests);
    print_counts("user", d->users, d->n_users);
}

int slurm_sdiag(int argc, char **argv)
{
    struct sdiag_args args = {.all = false};
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__Diag *diag = NULL;
    struct berth_err err;
    int next, status;

    status = slurm_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &args.common,
                         &next);
    if (status >= 0)
        return status;
    if (slurm_open(&berth) || slurm_cluster(berth, args.common.clusters, NULL))
        return SLURM_FAILED;
    if (berth_diag(berth, args.reset, &diag, &err) < 0)
        return load_error("slurm_get_statistics", &err);
    sort(&args, diag->requests, diag->n_requests);
    sort(&args, diag->users, diag->n_users);
    if (!args.reset)
        print_diag(diag);
    return SLURM_OK;
}
