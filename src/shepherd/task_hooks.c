/* SPDX-License-Identifier: Apache-2.0
 *
 * task_hooks.c - programs that the site or the user has run around each task
 */
#include "shepherd/task_hooks.h"

#include "base/mem.h"
#include "base/strv.h"

static const char *of_site(const char *path, bool has_image, const char *inside)
{
    return path[0] && has_image ? inside : path;
}

char **task_hooks_wrap(const Berth__Assignment *assignment, const Berth__StepSpec *spec,
                       bool has_image, const char *program, char **argv)
{
    const char *hooks[] = {
        of_site(assignment->task_prolog, has_image, TASK_PROLOG_INSIDE),
        spec->task_prolog,
        spec->task_epilog,
        of_site(assignment->task_epilog, has_image, TASK_EPILOG_INSIDE),
    };
    char **all = NULL;
    bool has_any = false;

    for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
        has_any |= hooks[i][0] != '\0';
    if (!has_any)
        return argv;
    strv_add(&all, program);
    strv_add(&all, ".task");
    for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
        strv_add(&all, hooks[i]);
    strv_foreach (arg, argv)
        strv_add(&all, *arg);
    strv_free(argv);
    return all;
}
