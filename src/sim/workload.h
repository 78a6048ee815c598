/* SPDX-License-Identifier: Apache-2.0
 *
 * workload.h - a synthetic workload as an SWF file
 */
#ifndef BERTH_SIM_WORKLOAD_H
#define BERTH_SIM_WORKLOAD_H

#include <stdint.h>
#include <stdio.h>

struct workload_options {
    uint64_t jobs;
    uint32_t procs; /* of the machine, at least 2 */
    uint64_t seed;
    /* Work offered by work the machine can do until the last arrival; 0: as the
     * model has it. */
    double load;
    /* A request is the run time times 1 + u * overestimate, u uniform in [0, 1), in
     * whole minutes; 0: exactly the run time (the f-model of Mu'alem and Feitelson,
     * IEEE TPDS 2001). */
    double overestimate;
    uint32_t users; /* the k-th most busy of them sends in proportion to 1/k */
};
#define WORKLOAD_OPTIONS_DEFAULT                                 \
    {                                                            \
        .jobs = 10000, .seed = 1, .overestimate = 3, .users = 64 \
    }

#define WORKLOAD_USERS_MAX 100000

/* Write header and jobs. The same options give the same bytes. Errors of 'out' are
 * left in it. */
void workload_write(const struct workload_options *options, FILE *out);

#endif
