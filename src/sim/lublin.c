/* SPDX-License-Identifier: Apache-2.0
 *
 * lublin.c - sizes, run times and arrivals of one job after the other
 */
#include "sim/lublin.h"

#include <math.h>

#define BUCKET_SECONDS 1800.0

/* The paper's parameters for jobs of all types. */
static const double serial_share = 0.244, power_of_two_share = 0.576;
static const double size_low = 0.8, size_below_high = 2.5, size_low_share = 0.86;
static const double short_shape = 4.2, short_scale = 0.94;
static const double long_shape = 312, long_scale = 0.03;
static const double short_share_per_proc = -0.0054, short_share_base = 0.78;
static const double run_log_max = 12;
static const double rush_shape = 10.2303, rush_scale = 0.4871, rush_to_all = 1.0225;
static const double arrival_log_max = 13;
static const double day_shape = 8.1737, day_scale = 3.9631;
static const unsigned int day_begins = 11; /* the least busy half hour of a day */

/* The gamma distribution is one over the half hours of a day that does not end at
 * midnight: those past it are the first of the next. */
static void init_weights(struct lublin *model)
{
    double sum = 0;

    for (unsigned int i = 0; i < LUBLIN_BUCKETS; i++) {
        const unsigned int x = day_begins + i;
        const double weight = gamma_cdf(x + 0.5, day_shape, day_scale) -
                              gamma_cdf(x - 0.5, day_shape, day_scale);

        model->weights[(x - 1) % LUBLIN_BUCKETS] = weight;
        sum += weight;
    }
    for (unsigned int i = 0; i < LUBLIN_BUCKETS; i++)
        model->weights[i] *= LUBLIN_BUCKETS / sum;
}

void lublin_init(struct lublin *model, uint32_t procs, uint64_t seed)
{
    *model = (struct lublin){.procs = procs, .log2_procs = log2(procs)};
    random_seed(&model->random, seed);
    init_weights(model);
}

static uint32_t draw_procs(struct lublin *model)
{
    struct random_source *random = &model->random;
    const double high = model->log2_procs,
                 middle = fmax(high - size_below_high, size_low);
    double x, procs;

    if (random_unit(random) < serial_share)
        return 1;
    x = random_unit(random) < size_low_share ? random_uniform(random, size_low, middle)
                                             : random_uniform(random, middle, high);
    if (random_unit(random) < power_of_two_share)
        x = round(x);
    procs = round(exp2(x));
    return procs < model->procs ? (uint32_t)procs : model->procs;
}

static int64_t draw_run(struct lublin *model, uint32_t procs)
{
    struct random_source *random = &model->random;
    const double short_share = short_share_per_proc * procs + short_share_base;
    double x;

    do
        x = random_unit(random) < short_share
                ? random_gamma(random, short_shape, short_scale)
                : random_gamma(random, long_shape, long_scale);
    while (x > run_log_max);
    return (int64_t)exp(x) > 0 ? (int64_t)exp(x) : 1;
}

/* Time goes on until the half hours passed, each by its weight, have paid for
 * e^x seconds. */
static int64_t draw_submit(struct lublin *model)
{
    double x, owed;

    do
        x = random_gamma(&model->random, rush_shape * rush_to_all, rush_scale);
    while (x > arrival_log_max);
    owed = exp(x);
    for (;;) {
        const double weight = model->weights[model->bucket % LUBLIN_BUCKETS];
        const double left = (BUCKET_SECONDS - model->paid) * weight;

        if (owed < left) {
            model->paid += owed / weight;
            return (int64_t)((double)model->bucket * BUCKET_SECONDS + model->paid);
        }
        owed -= left;
        model->bucket++;
        model->paid = 0;
    }
}

struct lublin_job lublin_next(struct lublin *model)
{
    struct lublin_job job = {.submit = draw_submit(model)};

    job.procs = draw_procs(model);
    job.run = draw_run(model, job.procs);
    return job;
}
