/* SPDX-License-Identifier: Apache-2.0
 *
 * external_spec.c - a container, as another program is told of it
 *
 * The same table of mounts as in rootfs.c, in words. What is below the root's own
 * mount points needs no words: skeleton.c has made it.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "container/build.h"
#include "container/external.h"

static void add_mount(struct external *e, const char *type, const char *source,
                      const char *target, char **options)
{
    uint32_t n = e->container.n_mounts++;

    e->mounts = xrealloc(e->mounts, n + 1, sizeof(*e->mounts));
    e->options = xrealloc(e->options, n + 1, sizeof(*e->options));
    e->options[n] = options;
    e->mounts[n] =
        (struct berth_runtime_mount){.type = type, .source = source, .target = target};
}

/* 'words' are options and commas. */
static void add_fs(struct external *e, const char *type, const char *target,
                   const char *words, uint64_t bytes)
{
    char **options = strv_split(words, ",");

    if (bytes)
        strv_take(&options, xasprintf("size=%" PRIu64, bytes));
    add_mount(e, type, type, target, options);
}

static const char *keep(struct external *e, char *text)
{
    strv_take(&e->texts, text);
    return text;
}

static void add_system(struct external *e, const struct container_spec *spec)
{
    static const char *const from_node[] = {"/etc/hosts", "/etc/resolv.conf",
                                            "/etc/hostname"};

    add_fs(e, "proc", "/proc", "nosuid,noexec,nodev", 0);
    add_fs(e, "tmpfs", "/dev", "nosuid,strictatime,mode=755,size=1m", 0);
    add_fs(e, "devpts", "/dev/pts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620",
           0);
    add_fs(e, "tmpfs", "/dev/shm", "nosuid,nodev,mode=1777", spec->shm_bytes);
    add_fs(e, "tmpfs", "/tmp", "nosuid,nodev,mode=1777", spec->shm_bytes);
    add_fs(e, "tmpfs", "/run", "nosuid,nodev,mode=755", spec->shm_bytes);
    add_mount(e, "bind", "/sys", "/sys",
              strv_split("rbind,nosuid,noexec,nodev,ro", ","));
    for (size_t i = 0; i < ARRAY_SIZE(from_node); i++)
        if (access(from_node[i], F_OK) == 0 && !(i == 2 && spec->hostname))
            add_mount(e, "bind", i == 0 && spec->hosts ? spec->hosts : from_node[i],
                      from_node[i], strv_split("bind,ro", ","));
}

static void add_devices(struct external *e, const struct container_spec *spec)
{
    cleanup(strv_freep) char **names = dev_names(!spec->no_gpus);

    strv_foreach (name, names) {
        const char *path = keep(e, xasprintf("/dev/%s", *name));

        add_mount(e, "bind", path, path, strv_split("rbind", ","));
    }
}

static char **options_of(const struct bind_mount *m)
{
    static const struct {
        uint64_t attr;
        const char *word;
    } words[] = {{MOUNT_ATTR_RDONLY, "ro"},
                 {MOUNT_ATTR_NOSUID, "nosuid"},
                 {MOUNT_ATTR_NODEV, "nodev"},
                 {MOUNT_ATTR_NOEXEC, "noexec"}};
    uint64_t attrs = m->attrs | (m->readonly ? MOUNT_ATTR_RDONLY : 0);
    char **options = NULL;

    strv_add(&options, "rbind");
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (attrs & words[i].attr)
            strv_add(&options, words[i].word);
    return options;
}

static void add_callers(struct external *e, const struct container_spec *spec)
{
    for (size_t i = 0; i < spec->n_mounts; i++) {
        const struct bind_mount *m = &spec->mounts[i];

        if (!m->source) {
            add_fs(e, "tmpfs", m->target, "nosuid,nodev,mode=1777", m->bytes);
            continue;
        }
        if (m->optional && access(m->source, F_OK))
            continue;
        add_mount(e, "bind", m->source, m->target, options_of(m));
    }
}

/* The limits that are numbers; infinite ones are inherited anyway. */
static void add_limits(struct external *e)
{
    static const struct {
        __rlimit_resource_t resource;
        const char *name;
    } known[] = {{RLIMIT_AS, "RLIMIT_AS"},         {RLIMIT_CORE, "RLIMIT_CORE"},
                 {RLIMIT_CPU, "RLIMIT_CPU"},       {RLIMIT_DATA, "RLIMIT_DATA"},
                 {RLIMIT_FSIZE, "RLIMIT_FSIZE"},   {RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK"},
                 {RLIMIT_NOFILE, "RLIMIT_NOFILE"}, {RLIMIT_NPROC, "RLIMIT_NPROC"},
                 {RLIMIT_STACK, "RLIMIT_STACK"}};
    struct rlimit limit;

    e->limits = xcalloc(ARRAY_SIZE(known), sizeof(*e->limits));
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (getrlimit(known[i].resource, &limit) == 0 && limit.rlim_cur <= INT64_MAX &&
            limit.rlim_max <= INT64_MAX)
            e->limits[e->container.n_limits++] = (struct berth_runtime_limit){
                .name = known[i].name, .soft = limit.rlim_cur, .hard = limit.rlim_max};
}

/* What the first process must know: see external_main.c. */
static void add_command(struct external *e, const struct container_spec *spec)
{
    strv_add(&e->argv, EXTERNAL_INIT_INSIDE);
    strv_take(&e->argv, xasprintf("%u", geteuid()));
    strv_take(&e->argv, xasprintf("%u", getegid()));
    strv_take(&e->argv,
              xasprintf("-%s%s%s", spec->as_root ? "r" : "",
                        spec->unconfined ? "u" : "", spec->fake_ids ? "f" : ""));
    strv_add(&e->argv, spec->workdir ? spec->workdir : "/");
    if (spec->profile)
        strv_add(&e->argv, EXTERNAL_FILTER_INSIDE);
}

static int add_init(struct external *e, const struct container_spec *spec,
                    const char *init, const char *bundle, struct err *err)
{
    const struct seccomp_filter *profile = spec->profile;
    const char *filter;
    int rc;

    add_mount(e, "bind", keep(e, xstrdup(init)), EXTERNAL_INIT_INSIDE,
              strv_split("bind,ro", ","));
    if (!profile)
        return 0;
    filter = keep(e, xasprintf("%s/filter", bundle));
    rc = io_write_file_atomic(filter, profile->code,
                              profile->n * sizeof(struct sock_filter), 0400, err);
    if (!rc)
        add_mount(e, "bind", filter, EXTERNAL_FILTER_INSIDE,
                  strv_split("bind,ro", ","));
    return rc;
}

static int check(const struct container_spec *spec, struct err *err)
{
    if (spec->overlay)
        return err_set(err, ENOTSUP,
                       "--overlay: only containers of the native runtime "
                       "(--runtime=native) can have one");
    return 0;
}

int external_describe(const struct container_spec *spec, const char *init,
                      const char *bundle, struct external *ret, struct err *err)
{
    struct external e = {.container = {.bundle = bundle,
                                       .root = spec->work_dir,
                                       .read_only = spec->read_only,
                                       .n_kept = 1}};
    int rc = check(spec, err);

    if (rc)
        return rc;
    add_system(&e, spec);
    add_devices(&e, spec);
    rc = add_init(&e, spec, init, bundle, err);
    add_callers(&e, spec);
    add_limits(&e);
    add_command(&e, spec);
    e.hidden = mask_hidden_paths();
    e.readonly = mask_readonly_paths();
    if (rc) {
        external_fini(&e);
        return rc;
    }
    for (uint32_t i = 0; i < e.container.n_mounts; i++)
        e.mounts[i].options = (const char *const *)e.options[i];
    e.container.mounts = e.mounts;
    e.container.limits = e.limits;
    e.container.argv = (const char *const *)e.argv;
    e.container.hidden = (const char *const *)e.hidden;
    e.container.readonly = (const char *const *)e.readonly;
    *ret = e;
    return 0;
}

void external_fini(struct external *external)
{
    for (uint32_t i = 0; i < external->container.n_mounts; i++)
        strv_free(external->options[i]);
    free(external->options);
    free(external->mounts);
    free(external->limits);
    strv_free(external->argv);
    strv_free(external->hidden);
    strv_free(external->readonly);
    strv_free(external->texts);
    *external = (struct external){.mounts = NULL};
}
