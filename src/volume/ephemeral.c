/* SPDX-License-Identifier: Apache-2.0
 *
 * ephemeral.c - what a pod has on its node's disk, held against its limits
 */
#include "volume/ephemeral.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/units.h"
#include "objects/find.h"
#include "volume/usage.h"

#define RESOURCE "ephemeral-storage"
#define LOOK_EVERY_MS 10000
#define STEP_USEC 1000
#define STEP_EVERY_MS 100

struct ephemeral {
    const struct mf_pod_spec *spec;
    char *volumes_dir, *log_dir;
    struct quantity limit; /* of the pod */
    struct usage *usage;   /* of its volumes, while they are counted */
    int64_t look_at;
};

/* Of those that have one: all that stay together, or the one that runs before them. */
static bool sum_limits(const struct mf_pod_spec *spec, struct quantity *ret)
{
    struct quantity sum = {.whole = 0}, most = sum;
    bool has_any = false;

    for (size_t i = 0; i < pod_n_containers(spec); i++) {
        const struct mf_container *c = pod_container_at(spec, i);
        const struct quantity *limit = amount_limit(c, RESOURCE);
        bool stays = i >= spec->init.n || c->restart == MF_RESTART_ALWAYS;

        if (!limit)
            continue;
        has_any = true;
        if (stays && quantity_add(&sum, limit, &sum))
            return false;
        if (!stays && quantity_compare(limit, &most) > 0)
            most = *limit;
    }
    *ret = quantity_compare(&most, &sum) > 0 ? most : sum;
    return has_any;
}

struct ephemeral *ephemeral_create(const struct mf_pod_spec *spec,
                                   const char *volumes_dir, const char *log_dir)
{
    struct quantity limit;
    struct ephemeral *e;

    if (!sum_limits(spec, &limit))
        return NULL;
    e = xcalloc(1, sizeof(*e));
    e->spec = spec;
    e->limit = limit;
    e->volumes_dir = xstrdup(volumes_dir);
    e->log_dir = xstrdup(log_dir);
    return e;
}

void ephemeral_destroy(struct ephemeral *e)
{
    if (!e)
        return;
    usage_destroy(e->usage);
    free(e->volumes_dir);
    free(e->log_dir);
    free(e);
}

/* ------------------------------------------------------------------------ counting */

/* Files of the log directory that begin with 'name' and a dot; NULL: all. */
static uint64_t bytes_of_logs(const char *path, const char *name)
{
    DIR *dir = opendir(path);
    size_t len = name ? strlen(name) : 0;
    const struct dirent *entry;
    uint64_t sum = 0;

    while (dir && (entry = readdir(dir))) {
        struct stat st;

        if (name &&
            (strncmp(entry->d_name, name, len) != 0 || entry->d_name[len] != '.'))
            continue;
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode))
            sum += (uint64_t)st.st_blocks * 512;
    }
    if (dir)
        (void)closedir(dir);
    return sum;
}

static bool is_over(uint64_t bytes, const struct quantity *limit)
{
    int64_t most = quantity_units(limit);

    return most >= 0 && bytes > (uint64_t)most;
}

static int check_containers(const struct ephemeral *e, struct err *err)
{
    for (size_t i = 0; i < pod_n_containers(e->spec); i++) {
        const struct mf_container *c = pod_container_at(e->spec, i);
        const struct quantity *limit = amount_limit(c, RESOURCE);
        cleanup(freep) char *text = NULL;

        if (!limit || !is_over(bytes_of_logs(e->log_dir, c->name), limit))
            continue;
        text = quantity_format(limit);
        return err_set(
            err, EDQUOT,
            "Container %s exceeded its local ephemeral storage limit \"%s\".", c->name,
            text);
    }
    return 0;
}

static int check_pod(const struct ephemeral *e, uint64_t volumes, struct err *err)
{
    cleanup(freep) char *text = NULL;

    if (!is_over(volumes + bytes_of_logs(e->log_dir, NULL), &e->limit))
        return 0;
    text = size_format((uint64_t)quantity_units(&e->limit));
    return err_set(err, EDQUOT,
                   "Pod ephemeral local storage usage exceeds the total limit of "
                   "containers %s.",
                   text);
}

static int begin(struct ephemeral *e, int64_t now, struct err *err)
{
    cleanup(closep) int dir =
        open(e->volumes_dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    e->look_at = now + LOOK_EVERY_MS;
    e->usage = dir < 0 ? NULL : usage_create(dir);
    return check_containers(e, err);
}

int ephemeral_watch(struct ephemeral *e, int64_t now_ms, struct err *err)
{
    int rc;

    if (!e)
        return 0;
    if (!e->usage && now_ms < e->look_at)
        return (int)(e->look_at - now_ms);
    rc = e->usage ? 0 : begin(e, now_ms, err);
    if (rc)
        return rc;
    if (e->usage && !usage_step(e->usage, STEP_USEC) &&
        !is_over(usage_bytes(e->usage), &e->limit))
        return STEP_EVERY_MS;
    rc = check_pod(e, e->usage ? usage_bytes(e->usage) : 0, err);
    usage_destroy(take(e->usage));
    return rc                                    ? rc
           : e->look_at - now_ms > STEP_EVERY_MS ? (int)(e->look_at - now_ms)
                                                 : STEP_EVERY_MS;
}
