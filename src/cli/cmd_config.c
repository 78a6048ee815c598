/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_config.c - berth config check, show
 */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/device_specs.h"
#include "config/config.h"

static const struct usage usage = {
    .synopsis = "berth config check|show [options] [FILE]",
    .about = "The cluster's configuration: FILE, or the one that commands find by\n"
             "themselves (--config, $BERTH_CONF, a personal cluster that is up, the "
             "site's).\n"
             "\n"
             "  check  say what is wrong with it, by line, and with this machine's\n"
             "         specifications of devices\n"
             "  show   every value in force and where it comes from, as YAML",
    .examples = "  berth config check /etc/berth/berth.yaml\n"
                "  berth config show | grep heartbeat\n",
};

struct args {
    struct common common;
};

static const struct opt opts[] = {
    OPTS_CONFIG(struct args, common),
    OPTS_HELP,
    OPTS_END,
};

static int load(const struct args *args, const char *file, struct config **ret)
{
    cleanup(freep) char *path = NULL;
    struct err err;

    if (config_find(file ? file : args->common.config, &path, &err) < 0 ||
        config_load(path, ret, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    return STATUS_OK;
}

/* This machine's specifications of devices belong to it. */
static int check_devices(const struct config *config)
{
    cleanup(cdi_registry_freep) struct cdi_registry *registry =
        device_specs_load(config);

    return device_specs_complain(config, registry) ? STATUS_FAILED : STATUS_OK;
}

static void say_correct(const struct config *config)
{
    printf("%s is correct: cluster %s, %zu node%s, %zu partition%s\n", config->path,
           config->cluster, config->n_nodes, config->n_nodes == 1 ? "" : "s",
           config->n_partitions, config->n_partitions == 1 ? "" : "s");
}

int cmd_config(int argc, char **argv)
{
    cleanup(config_freep) struct config *config = NULL;
    struct args args = {0};
    bool is_check;
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    is_check = next < argc && strcmp(argv[next], "check") == 0;
    if (next == argc || (!is_check && strcmp(argv[next], "show") != 0) ||
        argc - next > 2) {
        say_error("say what to do: check [FILE] or show [FILE]");
        return STATUS_USAGE;
    }
    status = load(&args, next + 1 < argc ? argv[next + 1] : NULL, &config);
    if (status != STATUS_OK)
        return status;
    if (is_check)
        status = check_devices(config);
    if (is_check && status == STATUS_OK)
        say_correct(config);
    else if (!is_check)
        config_show(config, stdout);
    return status;
}
