/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_command.c - what a container of a pod executes (pure)
 */
#include "shepherd/pod_command.h"

#include "base/mem.h"
#include "base/strv.h"
#include "volume/env.h"

#include <errno.h>

static void add_plain(char ***argv, char *const *words)
{
    for (; words && *words; words++)
        strv_add(argv, *words);
}

static void add_expanded(char ***argv, char *const *words, char *const *env)
{
    cleanup(strv_freep) char **expanded = pod_expand_all(words, env);

    add_plain(argv, expanded);
}

int pod_command(const struct mf_container *spec, char *const *entrypoint,
                char *const *cmd, char *const *env, char ***ret, struct err *err)
{
    char **argv = NULL;

    if (spec->command)
        add_expanded(&argv, spec->command, env);
    else
        add_plain(&argv, entrypoint);
    if (spec->args)
        add_expanded(&argv, spec->args, env);
    else if (!spec->command)
        add_plain(&argv, cmd);
    if (!argv)
        return err_set(err, EINVAL,
                       "neither the container nor its image says what to run");
    *ret = argv;
    return 0;
}
