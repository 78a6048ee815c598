/* SPDX-License-Identifier: Apache-2.0
 *
 * job_commands.c - the commands that are berth's own under another name
 */
#include "cli/command.h"
#include "slurm/slurm.h"

int slurm_sbatch(int argc, char **argv)
{
    return cmd_submit(argc, argv);
}

int slurm_srun(int argc, char **argv)
{
    return cmd_run(argc, argv);
}

int slurm_salloc(int argc, char **argv)
{
    return cmd_alloc(argc, argv);
}

int slurm_scancel(int argc, char **argv)
{
    return cmd_cancel(argc, argv);
}
