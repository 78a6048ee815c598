/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_run.c - berth-sim run: a trace through the engine
 */
#include "sim/simulation.h"

#include "base/mem.h"

#include <stdlib.h>

static const struct sim_usage usage = {
    .name = "run",
    .synopsis = "berth-sim run [options] TRACE",
    .about = "Replays a recorded workload (SWF, plain or gzip; '-' is standard input) "
             "under a\n"
             "policy and says how good the schedule is.",
    .examples =
        "  berth-sim run SDSC-SP2.swf.gz --policy easy\n"
        "  berth-sim run HPC2N.swf.gz --procs 240 --json - -q\n"
        "  berth-sim run w.swf --cluster big.yaml --schedule-out s.swf --plot s.svg\n"
        "  berth-sim run lublin_256.swf.gz --procs 256 --rules rlscheduler \\\n"
        "      --order sjf --backfill queue --window 1981:1024 --window 2756:1024\n",
};

int cmd_run(int argc, char **argv)
{
    struct run_options *options = run_options_create();
    int next, status;

    status =
        sim_parse(&usage, run_options_table, RUN_OF_TRACE, argc, argv, options, &next);
    if (status < 0 && argc - next != 1)
        status =
            sim_fail(&usage, SIM_USAGE, "say one trace, %d are given", argc - next);
    if (status < 0)
        status = simulate_with(&usage, options, argv[next]);
    free(options);
    return status;
}
