/* SPDX-License-Identifier: Apache-2.0
 *
 * plan.c - what several devices ask for, put together
 */
#include "cdi/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"

static void note(struct cdi_plan *plan, const char *words)
{
    if (!strv_has(plan->notes, words))
        strv_add(&plan->notes, words);
}

static void add_env(struct cdi_plan *plan, char *const *env)
{
    for (size_t i = 0; env && env[i]; i++) {
        const char *eq = strchr(env[i], '=');
        cleanup(freep) char *name = xstrndup(env[i], (size_t)(eq - env[i]));

        strv_setenv(&plan->env, name, eq + 1);
    }
}

static void add_node(struct cdi_plan *plan, const struct cdi_node *node)
{
    if (node->has_owner)
        note(plan, "owner and mode of device nodes stay the node's own");
    for (size_t i = 0; i < plan->n_nodes; i++) {
        if (strcmp(plan->nodes[i]->path, node->path) != 0)
            continue;
        plan->nodes[i] = node;
        return;
    }
    plan->nodes = xrealloc(plan->nodes, plan->n_nodes + 1, sizeof(node));
    plan->nodes[plan->n_nodes++] = node;
}

static void add_mount(struct cdi_plan *plan, const struct cdi_mount *mount)
{
    for (size_t i = 0; i < plan->n_mounts; i++) {
        if (strcmp(plan->mounts[i]->container_path, mount->container_path) != 0)
            continue;
        plan->mounts[i] = mount;
        return;
    }
    plan->mounts = xrealloc(plan->mounts, plan->n_mounts + 1, sizeof(mount));
    plan->mounts[plan->n_mounts++] = mount;
}

static int add_hook(struct cdi_plan *plan, const char *file,
                    const struct cdi_hook *hook, struct err *err)
{
    int rc = plan_understand(plan, hook, err);

    plan->n_understood += rc != -ENOTSUP;
    if (rc != -ENOTSUP)
        return rc ? err_wrap(err, "%s: hook %s", file, hook->path) : 0;
    plan->hooks = xrealloc(plan->hooks, plan->n_hooks + 1, sizeof(hook));
    plan->hook_files = xrealloc(plan->hook_files, plan->n_hooks + 1, sizeof(file));
    plan->hook_files[plan->n_hooks] = file;
    plan->hooks[plan->n_hooks++] = hook;
    return 0;
}

static int add_edits(struct cdi_plan *plan, const char *file,
                     const struct cdi_edits *edits, struct err *err)
{
    int rc = 0;

    add_env(plan, edits->env);
    for (size_t i = 0; i < edits->n_nodes; i++)
        add_node(plan, &edits->nodes[i]);
    for (size_t i = 0; i < edits->n_mounts; i++)
        add_mount(plan, &edits->mounts[i]);
    for (size_t i = 0; i < edits->n_hooks && !rc; i++)
        rc = add_hook(plan, file, &edits->hooks[i], err);
    if (edits->n_gids)
        note(plan, "additionalGids are not added: only the user's own groups count");
    if (edits->has_rdt)
        note(plan, "intelRdt is passed over");
    if (edits->n_net_devices)
        note(plan, "netDevices are passed over: the network is the node's");
    return rc;
}

static bool is_among(char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

int cdi_plan_make(const struct cdi_registry *registry, char *const *names,
                  struct cdi_plan **ret, struct err *err)
{
    cleanup(cdi_plan_freep) struct cdi_plan *plan = xcalloc(1, sizeof(*plan));
    size_t n = strv_len(names);
    cleanup(freep) const struct cdi_spec **seen = xcalloc(n, sizeof(*seen));

    for (size_t i = 0; i < n; i++) {
        const struct cdi_device *device;
        const struct cdi_spec *spec;
        bool is_new = true;
        int rc;

        if (is_among(names, i, names[i]))
            continue;
        rc = cdi_registry_find(registry, names[i], &spec, &device, err);
        for (size_t s = 0; s < i && !rc; s++)
            is_new = is_new && seen[s] != spec;
        if (!rc && is_new)
            rc = add_edits(plan, spec->file, &spec->edits, err);
        if (!rc)
            rc = add_edits(plan, spec->file, &device->edits, err);
        if (rc)
            return rc;
        seen[i] = spec;
    }
    *ret = take(plan);
    return 0;
}

int cdi_plan_check_hooks(const struct cdi_plan *plan, struct err *err)
{
    if (!plan->n_hooks)
        return 0;
    return err_set(err, EPERM,
                   "%s asks for the hook %s (%s), which nobody here understands; "
                   "container.cdi_hooks says what is done with such",
                   plan->hook_files[0], plan->hooks[0]->path, plan->hooks[0]->name);
}

void cdi_plan_free(struct cdi_plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->n_links; i++) {
        free(plan->links[i].path);
        free(plan->links[i].target);
    }
    strv_free(plan->env);
    strv_free(plan->folders);
    strv_free(plan->notes);
    free(plan->nodes);
    free(plan->mounts);
    free(plan->links);
    free(plan->hooks);
    free(plan->hook_files);
    free(plan);
}

void cdi_plan_freep(struct cdi_plan **plan)
{
    cdi_plan_free(*plan);
}
