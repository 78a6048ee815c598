/* SPDX-License-Identifier: Apache-2.0
 *
 * hooks.c - hooks that are done natively instead of run
 *
 * NVIDIA's tools write hooks that call nvidia-ctk (or nvidia-cdi-hook) to change the
 * container's root: make links, tell the loader of directories, set modes. Running
 * a vendor's program over a root that an image fills has a history of holes, and it
 * would have no more rights than we. What they say is said by their arguments:
 *
 *     create-symlinks --link TARGET::LINK ...
 *     update-ldcache --folder DIR ...
 *     chmod --mode 755 --path DIR ...             ours are made with 0755
 *     enable-cuda-compat, disable-device-node-modification, ...   noted, not done
 */
#include "cdi/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"

#define LINKS_MAX 4096

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* What follows the program and its "hook" in its arguments; NULL: no such program. */
static char *const *verb_of(const struct cdi_hook *hook)
{
    static const char *const programs[] = {"nvidia-ctk", "nvidia-cdi-hook"};
    const char *name = base_name(hook->path);
    char *const *args = hook->args;
    bool is_known = false;

    for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
        is_known |= strcmp(name, programs[i]) == 0;
    if (!is_known || strv_len(args) < 2)
        return NULL;
    args++;
    if (strcmp(args[0], "hook") == 0)
        args++;
    return args[0] ? args : NULL;
}

/* The value of "--NAME VALUE" or "--NAME=VALUE" at *at, which moves past it; NULL: it
 * is something else. */
static const char *value_of(char *const **at, const char *name)
{
    const char *arg = (*at)[0];
    size_t len = strlen(name);

    if (arg[0] != '-')
        return NULL;
    arg += arg[1] == '-' ? 2 : 1;
    if (strncmp(arg, name, len) != 0)
        return NULL;
    if (arg[len] == '=') {
        (*at)++;
        return arg + len + 1;
    }
    if (arg[len] || !(*at)[1])
        return NULL;
    *at += 2;
    return (*at)[-1];
}

static int add_link(struct cdi_plan *plan, const char *text, struct err *err)
{
    const char *colons = strstr(text, "::");

    if (!colons || colons == text || colons[2] != '/')
        return err_set(err, EINVAL, "'%.80s' is not TARGET::LINK", text);
    if (plan->n_links == LINKS_MAX)
        return err_set(err, E2BIG, "more than %d links", LINKS_MAX);
    plan->links = xrealloc(plan->links, plan->n_links + 1, sizeof(*plan->links));
    plan->links[plan->n_links++] = (struct cdi_link){
        .path = xstrdup(colons + 2), .target = xstrndup(text, (size_t)(colons - text))};
    return 0;
}

static int add_folder(struct cdi_plan *plan, const char *text, struct err *err)
{
    if (text[0] != '/' || strchr(text, ':'))
        return err_set(err, EINVAL, "'%.80s' is no directory for libraries", text);
    if (!strv_has(plan->folders, text))
        strv_add(&plan->folders, text);
    return 0;
}

/* All values of one option; others, "--ldconfig-path" for one, say how, not what. */
static int each_value(struct cdi_plan *plan, char *const *args, const char *name,
                      int (*add)(struct cdi_plan *, const char *, struct err *),
                      struct err *err)
{
    int rc = 0;

    while (*args && !rc) {
        const char *value = value_of(&args, name);

        if (value)
            rc = add(plan, value, err);
        else
            args++;
    }
    return rc;
}

static bool is_needless(const char *verb)
{
    static const char *const verbs[] = {"chmod", "disable-device-node-modification"};

    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        if (strcmp(verb, verbs[i]) == 0)
            return true;
    return false;
}

int plan_understand(struct cdi_plan *plan, const struct cdi_hook *hook, struct err *err)
{
    char *const *verb = verb_of(hook);

    if (!verb)
        return -ENOTSUP;
    if (strcmp(verb[0], "create-symlinks") == 0)
        return each_value(plan, verb + 1, "link", add_link, err);
    if (strcmp(verb[0], "update-ldcache") == 0)
        return each_value(plan, verb + 1, "folder", add_folder, err);
    if (strcmp(verb[0], "enable-cuda-compat") == 0) {
        strv_add(&plan->notes, "CUDA's forward compatibility (hook "
                               "enable-cuda-compat) is left to the image");
        return 0;
    }
    return is_needless(verb[0]) ? 0 : -ENOTSUP;
}
