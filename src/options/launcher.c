/* SPDX-License-Identifier: Apache-2.0
 *
 * launcher.c - steps that are the daemons of an MPI's own launcher
 */
#include "options/launcher.h"

#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "options/inherit.h"

bool launcher_is_meant(const char *program, char *const *env)
{
    static const char *const daemons[] = {"orted",           "prted",
                                          "hydra_pmi_proxy", "hydra_bstrap_proxy",
                                          "pmi_proxy",       "mpispawn"};
    const char *slash = strrchr(program, '/');
    const char *said = strv_getenv(env, "SLURM_EXTERNAL_LAUNCHER");

    for (size_t i = 0; i < ARRAY_SIZE(daemons); i++)
        if (strcmp(slash ? slash + 1 : program, daemons[i]) == 0)
            return true;
    return said && said[0] && strcmp(said, "0") != 0;
}

void launcher_fill(const struct job_args *args, Berth__StepSpec *step)
{
    step->launcher = true;
    step->overlap = true;
    if (step->mpi[0] == '\0')
        spec_take_string(&step->mpi, xstrdup("none"));
    if (!args->has_kill_on_bad_exit)
        step->kill_on_bad_exit = false;
}
