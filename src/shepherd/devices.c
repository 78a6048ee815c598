/* SPDX-License-Identifier: Apache-2.0
 *
 * devices.c - what devices that a job has bring into its containers
 *
 * All of it is done with the rights of the job's user: a device node that he may not
 * open stays shut.
 */
#include "shepherd/devices.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bitset.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "spec/cdi_name.h"

#define INDEXES_MAX 65536
#define LIBRARY_PATH "LD_LIBRARY_PATH"

/* ------------------------------------------------------------------ names */

static bool is_given(const Berth__DevicePolicy *policy, const char *name)
{
    for (size_t i = 0; i < policy->n_given; i++)
        if (strcmp(policy->given[i]->cdi, name) == 0)
            return true;
    return false;
}

static bool is_of_kind(const char *name, const char *kind)
{
    size_t len = strlen(kind);

    return strncmp(name, kind, len) == 0 && name[len] == '=';
}

static int check_asked(const Berth__DevicePolicy *policy, const char *name,
                       struct err *err)
{
    if (cdi_check_name(name, err))
        return err_wrap(err, "--device");
    if (is_given(policy, name))
        return 0;
    for (size_t i = 0; i < policy->n_cdi_given; i++)
        if (is_of_kind(name, policy->cdi_given[i]))
            return err_set(err, EPERM,
                           "--device=%s: devices of this kind are given to jobs: ask "
                           "with --gres or --gpus",
                           name);
    for (size_t i = 0; i < policy->n_cdi_allow; i++)
        if (fnmatch(policy->cdi_allow[i], name, 0) == 0)
            return 0;
    return err_set(err, EPERM,
                   "--device=%s: this site does not allow it (container.cdi_allow)",
                   name);
}

static int collect_names(const Berth__DevicePolicy *policy, char *const *asked,
                         size_t n_asked, char ***ret, struct err *err)
{
    for (size_t i = 0; i < policy->n_given; i++)
        if (policy->given[i]->cdi[0])
            strv_add(ret, policy->given[i]->cdi);
    for (size_t i = 0; i < n_asked; i++) {
        int rc = check_asked(policy, asked[i], err);

        if (rc)
            return rc;
        strv_add(ret, asked[i]);
    }
    return 0;
}

/* ------------------------------------------------------------------- plan */

static int check_hooks(const Berth__DevicePolicy *policy, const struct cdi_plan *plan,
                       struct err *err)
{
    if (policy->refuse_hooks && plan->n_understood)
        return err_set(err, EPERM,
                       "a device asks for hooks, which this site does not allow "
                       "(container.cdi_hooks)");
    return cdi_plan_check_hooks(plan, err);
}

static int make_plan(const Berth__DevicePolicy *policy, char *const *names,
                     struct devices *devices, struct err *err)
{
    cleanup(strv_freep) char **dirs = NULL;
    int rc;

    for (size_t i = 0; i < policy->n_cdi_dirs; i++)
        strv_add(&dirs, policy->cdi_dirs[i]);
    devices->registry = cdi_registry_load(dirs);
    rc = cdi_plan_make(devices->registry, names, &devices->plan, err);
    if (!rc)
        rc = check_hooks(policy, devices->plan, err);
    if (rc)
        return rc;
    strv_foreach (note, devices->plan->notes)
        log_info("devices: %s", *note);
    return 0;
}

static void make_links(struct devices *devices)
{
    const struct cdi_plan *plan = devices->plan;

    devices->links = xcalloc(plan->n_links, sizeof(*devices->links));
    for (size_t i = 0; i < plan->n_links; i++)
        devices->links[devices->n_links++] =
            (struct link_wish){.path = plan->links[i].path,
                               .target = plan->links[i].target,
                               .origin = "a device's hook"};
}

int devices_find(const Berth__DevicePolicy *policy, char *const *asked, size_t n_asked,
                 struct devices *ret, struct err *err)
{
    static const Berth__DevicePolicy none = BERTH__DEVICE_POLICY__INIT;
    cleanup(strv_freep) char **names = NULL;
    int rc = collect_names(policy ? policy : &none, asked, n_asked, &names, err);

    *ret = (struct devices){0};
    if (rc || !names)
        return rc;
    rc = make_plan(policy, names, ret, err);
    if (rc)
        devices_fini(ret);
    else
        make_links(ret);
    return rc;
}

void devices_fini(struct devices *devices)
{
    free(devices->links);
    strv_free(devices->origins);
    cdi_plan_free(devices->plan);
    cdi_registry_free(devices->registry);
    *devices = (struct devices){0};
}

/* ----------------------------------------------------------------- mounts */

static int check_node(const struct cdi_node *node, const char *source, struct err *err)
{
    char host[HOST_NAME_MAX + 1] = "";
    struct stat st;
    char type;

    (void)gethostname(host, sizeof(host) - 1);
    if (stat(source, &st))
        return err_sys(err, errno, "device node %s on node %s", source, host);
    type = S_ISBLK(st.st_mode) ? 'b' : S_ISFIFO(st.st_mode) ? 'p' : 'c';
    if (!S_ISCHR(st.st_mode) && type == 'c')
        return err_set(err, ENOTBLK, "device node %s on node %s: is no device", source,
                       host);
    if (node->type && (node->type == 'u' ? 'c' : node->type) != type)
        return err_set(err, ENOTBLK,
                       "device node %s on node %s: its type is %c, not %c", source,
                       host, type, node->type);
    return 0;
}

static void add(struct mounts *mounts, bool has_image, struct bind_mount mount)
{
    if (has_image || strcmp(mount.source, mount.target) != 0)
        mounts_append(mounts, mount);
}

static int mount_nodes(const struct cdi_plan *plan, bool has_image,
                       struct mounts *mounts, struct err *err)
{
    for (size_t i = 0; i < plan->n_nodes; i++) {
        const struct cdi_node *node = plan->nodes[i];
        const char *source = node->host_path ? node->host_path : node->path;
        int rc = check_node(node, source, err);

        if (rc)
            return rc;
        add(mounts, has_image,
            (struct bind_mount){
                .source = source, .target = node->path, .origin = "a device's node"});
    }
    return 0;
}

/* The options that change what can be done there. */
static void apply_options(char *const *options, struct bind_mount *mount)
{
    static const struct {
        const char *name;
        uint64_t attr;
    } attrs[] = {{"nosuid", MOUNT_ATTR_NOSUID},
                 {"nodev", MOUNT_ATTR_NODEV},
                 {"noexec", MOUNT_ATTR_NOEXEC}};

    for (size_t i = 0; options && options[i]; i++) {
        mount->readonly |= strcmp(options[i], "ro") == 0;
        for (size_t a = 0; a < ARRAY_SIZE(attrs); a++)
            if (strcmp(options[i], attrs[a].name) == 0)
                mount->attrs |= attrs[a].attr;
    }
}

static void mount_files(const struct cdi_plan *plan, bool has_image,
                        struct mounts *mounts)
{
    for (size_t i = 0; i < plan->n_mounts; i++) {
        struct bind_mount mount = {.source = plan->mounts[i]->host_path,
                                   .target = plan->mounts[i]->container_path,
                                   .origin = "a device's mount"};

        apply_options(plan->mounts[i]->options, &mount);
        add(mounts, has_image, mount);
    }
}

/* GPUs that have no specification: their files are known by their place. */
static void mount_gpus(const Berth__DevicePolicy *policy, struct mounts *mounts)
{
    for (size_t i = 0; i < policy->n_given; i++)
        for (size_t p = 0; p < policy->given[i]->n_paths; p++) {
            const char *path = policy->given[i]->paths[p];

            if (!mounts_have(mounts, path))
                mounts_append(mounts, (struct bind_mount){.source = path,
                                                          .target = path,
                                                          .optional = true,
                                                          .origin = "a GPU"});
        }
}

int devices_mount(struct devices *devices, const Berth__DevicePolicy *policy,
                  bool has_image, struct mounts *mounts, struct err *err)
{
    int rc = 0;

    if (devices->plan) {
        rc = mount_nodes(devices->plan, has_image, mounts, err);
        mount_files(devices->plan, has_image, mounts);
    }
    if (policy && has_image)
        mount_gpus(policy, mounts);
    return rc;
}

/* ------------------------------------------------------------ environment */

static void add_number(struct strbuf *list, uint32_t number)
{
    strbuf_printf(list, "%s%u", list->len ? "," : "", number);
}

/* One library's variable: its GPUs, as it will count them. */
static void set_variable(char ***env, const Berth__DevicePolicy *policy,
                         const char *variable, bool only_given,
                         const struct bitset *of_task)
{
    struct strbuf list = STRBUF_INIT;
    uint32_t place = 0;

    for (size_t i = 0; i < policy->n_given; i++) {
        const Berth__GivenDevice *given = policy->given[i];

        if (strcmp(given->variable, variable) != 0)
            continue;
        if (!of_task ||
            (given->index < of_task->nbits && bitset_test(of_task, given->index)))
            add_number(&list, only_given ? place : given->number);
        place++;
    }
    strv_setenv(env, variable, list.s ? list.s : "");
    strbuf_fini(&list);
}

static void set_numbers(char ***env, const Berth__DevicePolicy *policy)
{
    struct strbuf list = STRBUF_INIT;
    uint32_t n = 0;

    for (size_t i = 0; i < policy->n_given; i++) {
        if (!policy->given[i]->variable[0])
            continue;
        add_number(&list, policy->given[i]->number);
        n++;
    }
    if (n) {
        cleanup(freep) char *count = xasprintf("%u", n);

        strv_setenv(env, "BERTH_JOB_GPUS", list.s);
        strv_setenv(env, "SLURM_JOB_GPUS", list.s);
        strv_setenv(env, "SLURM_STEP_GPUS", list.s);
        strv_setenv(env, "BERTH_GPUS_ON_NODE", count);
        strv_setenv(env, "SLURM_GPUS_ON_NODE", count);
    }
    strbuf_fini(&list);
}

char **devices_variables(const struct devices *devices)
{
    cleanup(freep) char *folders = NULL;
    char **env = NULL;

    if (!devices->plan)
        return NULL;
    env = strv_dup(devices->plan->env);
    folders = devices->plan->folders ? strv_join(devices->plan->folders, ":") : NULL;
    if (folders)
        strv_take(&env, xasprintf(LIBRARY_PATH "=%s", folders));
    return env;
}

/* Directories of libraries are added to those that are there; all else replaces. */
static void lay_over(char ***env, const char *text)
{
    const char *eq = strchr(text, '=');
    cleanup(freep) char *name = xstrndup(text, (size_t)(eq - text));
    const char *old = strv_getenv(*env, name);
    cleanup(freep) char *all = old && *old && strcmp(name, LIBRARY_PATH) == 0
                                   ? xasprintf("%s:%s", old, eq + 1)
                                   : xstrdup(eq + 1);

    strv_setenv(env, name, all);
}

void devices_env(char ***env, const Berth__DevicePolicy *policy, char *const *cdi_env,
                 bool only_given, const char *of_task)
{
    cleanup(bitset_destroyp) struct bitset *set = NULL;

    for (size_t i = 0; cdi_env && cdi_env[i]; i++)
        lay_over(env, cdi_env[i]);
    if (!policy)
        return;
    if (of_task && bitset_parse(of_task, INDEXES_MAX, &set, NULL))
        set = NULL;
    for (size_t i = 0; i < policy->n_given; i++)
        if (policy->given[i]->variable[0])
            set_variable(env, policy, policy->given[i]->variable, only_given, set);
    set_numbers(env, policy);
}
