/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_replay.c - berth-sim replay: the controller's own jobs under another policy
 */
#include "sim/simulation.h"

#include "base/mem.h"

#include <stdlib.h>

static const struct sim_usage usage = {
    .name = "replay",
    .synopsis = "berth-sim replay [options] [STORE]",
    .about =
        "Replays the jobs of a cluster that have ended under another policy, and sets\n"
        "beside it how it was. STORE is the controller's SQLite file, controller.db;\n"
        "without, that of the cluster which --cluster, or the configuration, names.",
    .examples = "  berth-sim replay --policy conservative\n"
                "  berth-sim replay --policy easy --json - /backup/controller.db\n",
};

/* The configuration is the machine as well, unless a flat one was asked for. */
static int settle(struct run_options *options, const char **store, char **ret_config,
                  char **ret_store, struct err *err)
{
    cleanup(config_freep) struct config *config = NULL;
    int rc;

    if (options->procs == 0 || !*store) {
        rc = config_find(options->cluster, ret_config, err);
        if (rc)
            return rc;
    }
    if (options->procs == 0)
        options->cluster = *ret_config;
    if (*store)
        return 0;
    rc = config_load(*ret_config, &config, err);
    if (rc)
        return rc;
    *store = *ret_store = xasprintf("%s/controller.db", config->controller.state_dir);
    return 0;
}

int cmd_replay(int argc, char **argv)
{
    struct run_options *options = run_options_create();
    cleanup(freep) char *config = NULL;
    cleanup(freep) char *found = NULL;
    const char *store = NULL;
    struct err err;
    int next, status;

    options->is_journal = true;
    status = sim_parse(&usage, run_options_table, RUN_OF_JOURNAL, argc, argv, options,
                       &next);
    if (status < 0 && argc - next > 1)
        status =
            sim_fail(&usage, SIM_USAGE, "say one store, %d are given", argc - next);
    if (status < 0) {
        store = next < argc ? argv[next] : NULL;
        if (settle(options, &store, &config, &found, &err))
            status = sim_fail(&usage, SIM_FAILED, "%s", err.text);
        else
            status = simulate_with(&usage, options, store);
    }
    free(options);
    return status;
}
