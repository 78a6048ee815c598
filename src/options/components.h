/* SPDX-License-Identifier: Apache-2.0
 *
 * components.h - heterogeneous jobs: "-n1 --mem=64G : -n32 script.sh"
 *
 * A lone ':' on the command line, and "#SBATCH hetjob" in a script, begin the
 * options of the next component. Sizes, places and resources are each component's
 * own; all other options speak of the whole job, wherever they stand.
 */
#ifndef BERTH_OPTIONS_COMPONENTS_H
#define BERTH_OPTIONS_COMPONENTS_H

#include "options/job_args.h"

/* From now on options go to component 'i', which is made if it is the next.
 * -E2BIG when there are too many. */
int components_select(struct job_args *args, size_t i, struct err *err);

/* opts_parse with job_options for 'where' (one command), over components. */
int components_parse(unsigned int where, int argc, char **argv, struct job_args *args,
                     int *ret_next, struct err *err);

/* All sources are read: make args->spec the whole job. -EINVAL when components
 * say different things about what there is once. */
int components_join(struct job_args *args, struct err *err);

#endif
