/* SPDX-License-Identifier: Apache-2.0
 *
 * lublin.h - synthetic jobs by the model of Lublin and Feitelson
 *
 * "The workload on parallel supercomputers: modeling the characteristics of rigid
 * jobs", JPDC 63(11), 2003, with the parameters that the paper fits to all jobs of
 * its logs:
 *
 *   size      serial, or 2^x with x from one of two uniform ranges; x is often whole
 *   run time  e^y, with y from one of two gamma distributions; wide jobs more often
 *             from that of the long ones
 *   arrival   e^z of the work of a mean half hour, z from a gamma distribution, paid
 *             from what the half hours of the day have to give, most about noon
 *
 * Pure and deterministic: the same options give the same jobs.
 */
#ifndef BERTH_SIM_LUBLIN_H
#define BERTH_SIM_LUBLIN_H

#include <stdint.h>

#include "sim/random.h"

struct lublin_job {
    int64_t submit; /* seconds since midnight of the first day */
    int64_t run;    /* seconds, at least 1, at most e^12 (45 hours) */
    uint32_t procs;
};

#define LUBLIN_BUCKETS 48 /* half hours of a day */

struct lublin {
    struct random_source random;
    double log2_procs;
    uint32_t procs;
    double weights[LUBLIN_BUCKETS]; /* of arrivals; their mean is 1 */
    uint64_t bucket;                /* half hours since the start */
    double paid;                    /* of this bucket's second, 0 to 1800 */
};

/* Jobs for a machine of 'procs' processors, at least 2. */
void lublin_init(struct lublin *model, uint32_t procs, uint64_t seed);
/* The next job, submitted no earlier than the one before. */
struct lublin_job lublin_next(struct lublin *model);

#endif
