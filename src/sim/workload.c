/* SPDX-License-Identifier: Apache-2.0
 *
 * workload.c - jobs of the model, with requests and users, line by line
 */
#include "sim/workload.h"

#include "base/mem.h"
#include "sim/lublin.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Requests and users draw from a source of their own, so that the same seed gives
 * the same jobs whatever is asked of them. */
struct workload {
    struct lublin model;
    struct random_source random;
    double *users; /* cumulative shares */
    double stretch;
};

static double *user_shares(uint32_t users)
{
    double *shares = xcalloc(users, sizeof(*shares)), sum = 0;

    for (uint32_t i = 0; i < users; i++)
        shares[i] = sum += 1.0 / (i + 1);
    for (uint32_t i = 0; i < users; i++)
        shares[i] /= sum;
    return shares;
}

static uint32_t draw_user(struct workload *workload, uint32_t users)
{
    const double x = random_unit(&workload->random);
    uint32_t low = 0, high = users - 1;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (workload->users[middle] > x)
            high = middle;
        else
            low = middle + 1;
    }
    return low + 1;
}

static int64_t draw_request(struct workload *workload, int64_t run, double overestimate)
{
    const double factor = 1 + random_unit(&workload->random) * overestimate;

    if (overestimate <= 0)
        return run;
    return ((int64_t)ceil((double)run * factor) + 59) / 60 * 60;
}

/* By what arrivals are stretched so that all the jobs come to the load asked for:
 * the model is run once to see. */
static double stretch_for(const struct workload_options *options)
{
    struct lublin model;
    struct lublin_job job = {0};
    double work = 0;

    if (options->load <= 0)
        return 1;
    lublin_init(&model, options->procs, options->seed);
    for (uint64_t i = 0; i < options->jobs; i++) {
        job = lublin_next(&model);
        work += (double)job.run * job.procs;
    }
    return job.submit > 0 ? work / (options->load * options->procs * (double)job.submit)
                          : 1;
}

static void write_header(const struct workload_options *options, FILE *out)
{
    (void)fprintf(out,
                  "; Version: 2.2\n"
                  "; Computer: synthetic\n"
                  "; Note: model of Lublin and Feitelson (JPDC 2003)\n"
                  "; Note: seed %" PRIu64 ", load %g, overestimate %g, %" PRIu32
                  " users\n"
                  "; MaxJobs: %" PRIu64 "\n"
                  "; MaxRecords: %" PRIu64 "\n"
                  "; MaxNodes: %" PRIu32 "\n"
                  "; MaxProcs: %" PRIu32 "\n",
                  options->seed, options->load, options->overestimate, options->users,
                  options->jobs, options->jobs, options->procs, options->procs);
}

static void write_job(const struct workload_options *options, struct workload *workload,
                      uint64_t number, FILE *out)
{
    const struct lublin_job job = lublin_next(&workload->model);
    const int64_t submit = (int64_t)((double)job.submit * workload->stretch);
    const int64_t request = draw_request(workload, job.run, options->overestimate);
    const uint32_t user = draw_user(workload, options->users);

    (void)fprintf(out,
                  "%" PRIu64 " %" PRId64 " -1 %" PRId64 " %" PRIu32 " -1 -1 %" PRIu32
                  " %" PRId64 " -1 1 %" PRIu32 " -1 -1 -1 -1 -1 -1\n",
                  number, submit, job.run, job.procs, job.procs, request, user);
}

void workload_write(const struct workload_options *options, FILE *out)
{
    struct workload workload = {.users = user_shares(options->users),
                                .stretch = stretch_for(options)};

    lublin_init(&workload.model, options->procs, options->seed);
    random_seed(&workload.random, ~options->seed);
    write_header(options, out);
    for (uint64_t i = 1; i <= options->jobs; i++)
        write_job(options, &workload, i, out);
    free(workload.users);
}
