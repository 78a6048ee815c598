/* SPDX-License-Identifier: Apache-2.0
 *
 * group_devices.c - which devices a job may use here
 */
#include "node/group_devices.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cdi/cdi.h"

/* "%u" counts from 0 until one is missing. */
static const char *const common[] = {
    "null",       "zero",  "full", "random", "urandom", "tty",   "ptmx",
    "infiniband", "xpmem", "knem", "ss0",    "hfi1_%u", "cxi%u", "fuse",
};
static const char *const gpus[] = {
    "dri",        "kfd",         "nvidiactl",        "nvidia%u",
    "nvidia-uvm", "nvidia-caps", "nvidia-uvm-tools", "nvidia-modeset",
};
/* Terminals of /dev/pts, of which there are as many as are opened. */
#define PTS_MAJOR_FIRST 136
#define PTS_MAJOR_LAST 143

static void add_rule(struct device_rules *rules, struct berth_cgroup_device rule)
{
    rules->v = xrealloc(rules->v, rules->n + 1, sizeof(*rules->v));
    rules->v[rules->n++] = rule;
}

static void add_file(struct device_rules *rules, const struct stat *st)
{
    if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
        add_rule(rules,
                 (struct berth_cgroup_device){.type = S_ISCHR(st->st_mode) ? 'c' : 'b',
                                              .major = (int32_t)major(st->st_rdev),
                                              .minor = (int32_t)minor(st->st_rdev)});
}

/* A device, or all that lie in a directory. False: it is not there. */
static bool add_path(struct device_rules *rules, const char *path)
{
    struct stat st;
    DIR *dir;

    if (stat(path, &st))
        return false;
    add_file(rules, &st);
    dir = S_ISDIR(st.st_mode) ? opendir(path) : NULL;
    if (!dir)
        return true;
    for (struct dirent *entry; (entry = readdir(dir));)
        if (fstatat(dirfd(dir), entry->d_name, &st, 0) == 0)
            add_file(rules, &st);
    (void)closedir(dir);
    return true;
}

static void add_name(struct device_rules *rules, const char *dev, const char *name)
{
    const char *percent = strchr(name, '%');
    bool there = true;

    for (unsigned int i = 0; there && (i == 0 || percent); i++) {
        cleanup(freep) char *path =
            percent ? xasprintf("%s/%.*s%u", dev, (int)(percent - name), name, i)
                    : xasprintf("%s/%s", dev, name);

        there = add_path(rules, path);
    }
}

static void add_names(struct device_rules *rules, const char *dev,
                      const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_name(rules, dev, names[i]);
}

/* --------------------------------------------------------------------- by CDI */

static void add_edits(struct device_rules *rules, const struct cdi_edits *edits)
{
    for (size_t i = 0; i < edits->n_nodes; i++)
        (void)add_path(rules, edits->nodes[i].host_path ? edits->nodes[i].host_path
                                                        : edits->nodes[i].path);
}

static bool has_to_be_given(const Berth__DevicePolicy *policy, const char *kind)
{
    for (size_t i = 0; i < policy->n_cdi_given; i++)
        if (strcmp(policy->cdi_given[i], kind) == 0)
            return true;
    return false;
}

static void add_given(struct device_rules *rules, const struct cdi_registry *registry,
                      const Berth__GivenDevice *given)
{
    const struct cdi_spec *spec;
    const struct cdi_device *device;

    for (size_t i = 0; i < given->n_paths; i++)
        (void)add_path(rules, given->paths[i]);
    if (!given->cdi[0] ||
        cdi_registry_find(registry, given->cdi, &spec, &device, NULL) != 0)
        return;
    add_edits(rules, &spec->edits);
    add_edits(rules, &device->edits);
}

/* Who may ask for these by name is decided elsewhere. */
static void add_free(struct device_rules *rules, const struct cdi_registry *registry,
                     const Berth__DevicePolicy *policy)
{
    for (size_t i = 0; i < registry->n_specs; i++) {
        const struct cdi_spec *spec = registry->specs[i];

        if (has_to_be_given(policy, spec->kind))
            continue;
        add_edits(rules, &spec->edits);
        for (size_t k = 0; k < spec->n_devices; k++)
            add_edits(rules, &spec->devices[k].edits);
    }
}

static void add_policy(struct device_rules *rules, const Berth__DevicePolicy *policy)
{
    cleanup(strv_freep) char **dirs = NULL;
    cleanup(cdi_registry_freep) struct cdi_registry *registry = NULL;

    for (size_t i = 0; i < policy->n_cdi_dirs; i++)
        strv_add(&dirs, policy->cdi_dirs[i]);
    registry = cdi_registry_load(dirs);
    add_free(rules, registry, policy);
    for (size_t i = 0; i < policy->n_given; i++)
        add_given(rules, registry, policy->given[i]);
}

struct device_rules group_devices(const char *dev, const Berth__DevicePolicy *policy,
                                  const char *more)
{
    struct device_rules rules = {NULL, 0};
    cleanup(strv_freep) char **names = more ? strv_split(more, ",") : NULL;

    for (int32_t i = PTS_MAJOR_FIRST; i <= PTS_MAJOR_LAST; i++)
        add_rule(&rules,
                 (struct berth_cgroup_device){.type = 'c', .major = i, .minor = -1});
    add_names(&rules, dev, common, ARRAY_SIZE(common));
    if (policy)
        add_policy(&rules, policy);
    if (!policy || !policy->gpus_are_given)
        add_names(&rules, dev, gpus, ARRAY_SIZE(gpus));
    strv_foreach (name, names)
        add_name(&rules, dev, *name);
    return rules;
}
