/* SPDX-License-Identifier: Apache-2.0
 *
 * mounts.c - which directories of the node a container of the job's image gets
 */
#include "shepherd/mounts.h"
#include "shepherd/task_hooks.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

void mounts_append(struct mounts *mounts, struct bind_mount mount)
{
    if (mounts->n == mounts->cap) {
        mounts->cap = mounts->cap ? 2 * mounts->cap : 8;
        mounts->v = xrealloc(mounts->v, mounts->cap, sizeof(*mounts->v));
    }
    mounts->v[mounts->n++] = mount;
}

bool mounts_have(const struct mounts *mounts, const char *target)
{
    for (size_t i = 0; i < mounts->n; i++)
        if (strcmp(mounts->v[i].target, target) == 0)
            return true;
    return false;
}

static void mounts_add(struct mounts *mounts, const char *source, const char *target,
                       bool readonly, bool optional)
{
    mounts_append(mounts, (struct bind_mount){.source = source,
                                              .target = target,
                                              .readonly = readonly,
                                              .optional = optional});
}

/* Directories of an image that a bind of the working directory would hide. */
static bool is_system_dir(const char *path)
{
    static const char *const system_dirs[] = {
        "/bin", "/boot", "/dev", "/etc",  "/lib", "/lib32", "/lib64",
        "/opt", "/proc", "/run", "/sbin", "/sys", "/usr",   "/var",
    };

    if (strcmp(path, "/") == 0 || strcmp(path, "/tmp") == 0)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(system_dirs); i++) {
        size_t len = strlen(system_dirs[i]);

        if (strncmp(path, system_dirs[i], len) == 0 &&
            (path[len] == '/' || path[len] == '\0'))
            return true;
    }
    return false;
}

static bool is_below(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

void mounts_of_image(const struct mount_sources *from, const Berth__ContainerSpec *spec,
                     struct mounts *mounts)
{
    const char *home = spec->home[0] ? spec->home : from->home;
    const char *cwd = from->cwd;
    bool has_home = !spec->no_home && strcmp(home, "/") != 0;

    mounts_add(mounts, from->tools, MOUNTS_TOOLS_INSIDE, true, true);
    if (from->task_prolog && from->task_prolog[0])
        mounts_add(mounts, from->task_prolog, TASK_PROLOG_INSIDE, true, false);
    if (from->task_epilog && from->task_epilog[0])
        mounts_add(mounts, from->task_epilog, TASK_EPILOG_INSIDE, true, false);
    if (has_home)
        mounts_add(mounts, home, home, false, true);
    if (from->job_dir && (!has_home || !is_below(from->job_dir, home)))
        mounts_add(mounts, from->job_dir, from->job_dir, false, false);
    if (cwd[0] == '/' && !is_system_dir(cwd) && !(has_home && is_below(cwd, home)))
        mounts_add(mounts, cwd, cwd, false, true);
}

/* "PATH" or "PATH:BYTES", as the options and the validator leave it. */
static void add_tmpfs(struct mounts *mounts, const char *text)
{
    const char *colon = strrchr(text, ':');
    char *path = xstrndup(text, colon ? (size_t)(colon - text) : strlen(text));

    mounts_add(mounts, NULL, path, false, false);
    mounts->v[mounts->n - 1].bytes = colon ? strtoull(colon + 1, NULL, 10) : 0;
    strv_take(&mounts->own, path);
}

void mounts_of_job(const Berth__ContainerSpec *spec, struct mounts *mounts)
{
    for (size_t i = 0; i < spec->n_mounts; i++)
        mounts_add(mounts, spec->mounts[i]->source, spec->mounts[i]->target,
                   spec->mounts[i]->readonly, false);
    for (size_t i = 0; i < spec->n_tmpfs; i++)
        add_tmpfs(mounts, spec->tmpfs[i]);
}

void mounts_fini(struct mounts *mounts)
{
    free(mounts->v);
    strv_free(mounts->own);
    *mounts = (struct mounts){0};
}

/* Whether a line of 'text' has 'name' as one of its names. */
static bool names_host(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = strstr(text, name); at; at = strstr(at + 1, name)) {
        bool begins = at > text && strchr(" \t", at[-1]);

        if (begins && (at[len] == '\0' || strchr(" \t\n#", at[len])))
            return true;
    }
    return false;
}

static bool is_address(const char *text)
{
    struct in6_addr any;

    return inet_pton(AF_INET, text, &any) == 1 || inet_pton(AF_INET6, text, &any) == 1;
}

char *mounts_hosts(const char *text, char *const *pods, size_t n_pods,
                   const Berth__Placement *placement)
{
    struct strbuf all = STRBUF_INIT;
    size_t before;

    for (size_t i = 0; i < n_pods; i++)
        strbuf_printf(&all, "%s\n", pods[i]);
    strbuf_puts(&all, text);
    if (all.len && all.s[all.len - 1] != '\n')
        strbuf_puts(&all, "\n");
    before = n_pods ? 0 : all.len;
    for (size_t i = 0; i < placement->n_shares; i++) {
        const Berth__NodeShare *share = placement->shares[i];

        if (is_address(share->address) && !names_host(text, share->node))
            strbuf_printf(&all, "%s %s\n", share->address, share->node);
    }
    if (all.len > before)
        return all.s;
    strbuf_fini(&all);
    return NULL;
}
