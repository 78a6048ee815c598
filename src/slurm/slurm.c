/* SPDX-License-Identifier: Apache-2.0
 *
 * slurm.c - find the command by its name; what all of them say and ask
 */
#include "slurm/slurm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cli/cluster_link.h"
#include "cli/say.h"

const struct slurm_command slurm_commands[] = {
#define SLURM_COMMAND(name, fn, help) {#name, fn, help},
#include "slurm/slurm_commands.def"
#undef SLURM_COMMAND
    {.name = NULL},
};

const struct slurm_command *slurm_command_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    for (const struct slurm_command *c = slurm_commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

int slurm_run(const struct slurm_command *command, int argc, char **argv)
{
    int status;

    say_set_name(command->name);
    say_mark_errors();
    status = command->run(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (errno != EPIPE)
        say_error("cannot write the output: %s", strerror(errno));
    return status ? status : SLURM_FAILED;
}

int slurm_show(const char *what, const struct slurm_usage *usage,
               const struct opt *table, unsigned int where)
{
    if (strcmp(what, "version") == 0) {
        printf(SLURM_VERSION_LINE "\n");
        return SLURM_OK;
    }
    printf("Usage: %s\n", usage->synopsis);
    if (strcmp(what, "usage") == 0)
        return SLURM_OK;
    printf("\n%s\n\nOptions:\n", usage->about);
    opts_print(table, where, stdout);
    return SLURM_OK;
}

int slurm_status_of(const char *variable)
{
    const char *text = getenv(variable);
    int64_t status = 0;

    return text && number_parse(text, 1, 255, &status, NULL) == 0 ? (int)status : 0;
}

int slurm_failure(void)
{
    int status = slurm_status_of("SLURM_EXIT_ERROR");

    return status ? status : SLURM_FAILED;
}

int slurm_bad_usage(const char *text)
{
    say_error("%s", text);
    fprintf(stderr, "Try \"%s --help\" for more information\n", say_name());
    return slurm_failure();
}

int slurm_parse(const struct slurm_usage *usage, const struct opt *table,
                enum opts_order order, int argc, char **argv, void *ctx,
                struct slurm_common *common, int *ret_next)
{
    struct err err;
    int rc = opts_parse(table, 0, order, argc, argv, ctx, ret_next, &err);

    if (rc == -ECANCELED)
        return slurm_show(common->show, usage, table, 0);
    return rc < 0 ? slurm_bad_usage(err.text) : -1;
}

int slurm_refused(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)value;
    (void)ctx;
    return err_set(err, ENOTSUP, "%s", opt->note);
}

int slurm_ignored(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)opt;
    (void)value;
    (void)ctx;
    (void)err;
    return 0;
}

int slurm_open(struct berth **ret_berth)
{
    return link_open(NULL, ret_berth);
}

int slurm_cluster(struct berth *berth, const char *names, char **ret_name)
{
    return link_check_cluster(berth, names, ret_name);
}
