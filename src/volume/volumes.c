/* SPDX-License-Identifier: Apache-2.0
 *
 * volumes.c - the life of a pod's volumes
 */
#include "volume/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/units.h"
#include "volume/below.h"
#include "volume/internal.h"

#define LOOK_EVERY_MS 10000
#define STEP_USEC 1000
#define STEP_EVERY_MS 100 /* a millisecond in so many: one percent of a core */

/* ----------------------------------------------------------------- creating */

static size_t add_memory(struct volumes *v, char *path, uint64_t bytes,
                         bool never_swapped)
{
    v->memory = xrealloc(v->memory, v->n_memory + 1, sizeof(*v->memory));
    v->memory[v->n_memory] = (struct volume_memory){
        .path = path, .bytes = bytes, .never_swapped = never_swapped};
    return v->n_memory++;
}

static int make_dir(const char *path, mode_t mode, struct err *err)
{
    if (mkdir(path, mode) && errno != EEXIST)
        return err_sys(err, errno, "make %s", path);
    return 0;
}

/* Anybody may write there whom a container runs as; others do not get that far. */
static int prepare_empty(struct volumes *v, struct volume *volume, struct err *err)
{
    const struct mf_empty_dir *empty = volume->mf->empty_dir;
    bool in_memory = empty->medium && strcmp(empty->medium, "Memory") == 0;
    uint64_t limit = (uint64_t)quantity_units(&empty->size_limit);
    int rc;

    volume->path = xasprintf("%s/%s", v->dir, volume->mf->name);
    volume->is_writable = volume->is_dir = true;
    rc = make_dir(volume->path, 0777, err);
    if (!rc && chmod(volume->path, 0777))
        rc = err_sys(err, errno, "%s", volume->path);
    if (in_memory) {
        volume->kind = VOLUME_MEMORY;
        volume->memory = add_memory(v, xstrdup(volume->path), limit, false);
    } else {
        volume->kind = VOLUME_DISK;
        volume->limit = limit;
    }
    return rc;
}

/* All volumes of files share one file system. */
static int prepare_files(struct volumes *v, struct volume *volume, struct err *err)
{
    cleanup(freep) char *top = xasprintf("%s/.data", v->dir);
    size_t i = 0;
    int rc = 0;

    while (i < v->n_memory && !v->memory[i].never_swapped)
        i++;
    volume->kind = VOLUME_FILES;
    volume->path = xasprintf("%s/%s", top, volume->mf->name);
    volume->is_dir = true;
    volume->memory = i;
    if (i == v->n_memory) {
        rc = make_dir(top, 0700, err);
        (void)add_memory(v, xstrdup(top), 0, true);
    }
    return rc;
}

static int take_place(struct volume *volume, int rc, const struct host_place *place)
{
    if (rc)
        return rc;
    volume->kind = VOLUME_PLACE;
    volume->path = place->path;
    volume->is_dir = place->is_dir;
    volume->is_writable = place->is_writable;
    return 0;
}

static int prepare_path(struct volume *volume, const struct mf_host_dir *dir,
                        const struct host_rules *site, struct err *err)
{
    struct host_place place;

    return take_place(volume, host_path_find(site, dir->path, dir->type, &place, err),
                      &place);
}

static int prepare_nfs(struct volume *volume, const struct mf_nfs *nfs,
                       const struct host_rules *site, struct err *err)
{
    struct host_place place;

    return take_place(volume, host_nfs_find(site, nfs, &place, err), &place);
}

static bool is_read_only_volume(const struct mf_volume_spec *spec)
{
    return spec->access.n == 1 && spec->access.items[0] == MF_READ_ONLY_MANY;
}

static int prepare_claim(struct volume *volume, const struct pod_data *data,
                         const struct host_rules *site, struct err *err)
{
    const struct mf_claim_ref *ref = volume->mf->claim;
    const struct mf_persistent_volume *bound = pod_data_bound(data, ref->claim);
    const struct mf_volume_spec *spec = bound ? bound->spec : NULL;
    int rc;

    if (!spec)
        return err_set(err, ENOENT, "claim '%s' has no volume", ref->claim);
    if (spec->nfs) {
        rc = prepare_nfs(volume, spec->nfs, site, err);
    } else {
        struct mf_host_dir local = {.path = spec->local ? spec->local->path : NULL,
                                    .type = MF_PATH_DIR};

        /* An administrator has made it: the site shows it. */
        rc = prepare_path(volume, spec->local ? &local : spec->host_path, NULL, err);
    }
    if (rc)
        return err_wrap(err, "PersistentVolume %s", bound->meta->name);
    volume->is_writable &= !ref->is_read_only && !is_read_only_volume(spec);
    return 0;
}

const struct mf_nfs *volumes_nfs(const struct mf_volume *volume,
                                 const struct pod_data *data)
{
    const struct mf_persistent_volume *bound =
        volume->claim ? pod_data_bound(data, volume->claim->claim) : NULL;

    return bound && bound->spec ? bound->spec->nfs : volume->nfs;
}

static int prepare(struct volumes *v, struct volume *volume,
                   const struct pod_data *data, const struct host_rules *site,
                   struct err *err)
{
    const struct mf_volume *mf = volume->mf;

    if (mf->empty_dir)
        return prepare_empty(v, volume, err);
    if (mf->host_path)
        return prepare_path(volume, mf->host_path, site, err);
    if (mf->nfs)
        return prepare_nfs(volume, mf->nfs, site, err);
    if (mf->claim)
        return prepare_claim(volume, data, site, err);
    return prepare_files(v, volume, err);
}

int volumes_create(const struct mf_pod *pod, const struct pod_data *data,
                   const struct host_rules *site, const char *dir, struct volumes **ret,
                   struct err *err)
{
    struct volumes *v = xcalloc(1, sizeof(*v));
    cleanup(freep) char *real = realpath(dir, NULL);
    int rc = real ? 0 : err_sys(err, errno, "%s", dir);

    v->pod = pod;
    v->n = pod->spec->volumes.n;
    v->v = xcalloc(v->n + 1, sizeof(*v->v));
    v->dir = xasprintf("%s/volumes", real ? real : dir);
    if (!rc)
        rc = make_dir(v->dir, 0700, err);
    for (size_t i = 0; !rc && i < v->n; i++) {
        v->v[i].mf = &pod->spec->volumes.items[i];
        rc = prepare(v, &v->v[i], data, site, err);
        if (rc)
            (void)err_wrap(err, "volume '%s'", v->v[i].mf->name);
    }
    if (rc)
        volumes_destroy(v);
    else
        *ret = v;
    return rc;
}

const struct volume_memory *volumes_memory(const struct volumes *v, size_t *ret_n)
{
    *ret_n = v->n_memory;
    return v->memory;
}

void volumes_reach(struct volumes *v, const int *roots)
{
    v->roots = roots;
}

void volumes_destroy(struct volumes *v)
{
    if (!v)
        return;
    (void)io_remove_tree(v->dir, NULL);
    for (size_t i = 0; i < v->n; i++) {
        free(v->v[i].path);
        usage_destroy(v->v[i].usage);
    }
    for (size_t i = 0; i < v->n_memory; i++)
        free(v->memory[i].path);
    free(v->memory);
    free(v->v);
    free(v->dir);
    free(v);
}

/* -------------------------------------------------------------------- files */

static int open_on_ramfs(int root, const char *name)
{
    if (mkdirat(root, name, 0755) && errno != EEXIST)
        return -errno;
    return below_open(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

int volume_open(const struct volumes *v, const struct volume *volume, struct err *err)
{
    int fd;

    if (volume->kind == VOLUME_DISK || volume->kind == VOLUME_PLACE)
        fd = open(volume->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    else if (!v->roots)
        return err_set(err, EAGAIN, "volume '%s': its memory is not mounted yet",
                       volume->mf->name);
    else if (volume->kind == VOLUME_MEMORY)
        fd = below_open(v->roots[volume->memory], "", O_PATH | O_DIRECTORY);
    else
        fd = open_on_ramfs(v->roots[volume->memory], volume->mf->name);
    if (fd == -1)
        fd = -errno;
    return fd < 0 ? err_sys(err, -fd, "volume '%s'", volume->mf->name) : fd;
}

static int update(struct volumes *v, struct volume *volume, const struct pod_data *data,
                  const struct pod_facts *facts, struct err *err)
{
    struct payload payload;
    cleanup(closep) int dir = volume_open(v, volume, err);
    int rc =
        dir < 0 ? dir : payload_make(v->pod, volume->mf, data, facts, &payload, err);

    if (rc)
        return dir < 0 ? rc : err_wrap(err, "volume '%s'", volume->mf->name);
    rc = publish(dir, &volume->published, &payload, err);
    payload_fini(&payload);
    return rc < 0 ? err_wrap(err, "volume '%s'", volume->mf->name) : rc;
}

int volumes_update(struct volumes *v, const struct pod_data *data,
                   const struct pod_facts *facts, struct err *err)
{
    int changed = 0, failed = 0;

    for (size_t i = 0; i < v->n; i++) {
        int rc = v->v[i].kind == VOLUME_FILES
                     ? update(v, &v->v[i], data, facts, failed ? NULL : err)
                     : 0;

        if (rc < 0 && !failed)
            failed = rc;
        changed += rc > 0;
    }
    return failed ? failed : changed;
}

/* ------------------------------------------------------------------- limits */

static int tell_over(const struct volume *volume, uint64_t bytes, struct err *err)
{
    cleanup(freep) char *limit = quantity_format(&volume->mf->empty_dir->size_limit);
    cleanup(freep) char *size = size_format(bytes);

    return err_set(err, EDQUOT,
                   "usage of emptyDir volume '%s' (%s) exceeds its limit, %s",
                   volume->mf->name, size, limit);
}

/* Count a bit. In how many ms to go on, or -EDQUOT. */
static int64_t look(const struct volumes *v, struct volume *volume, int64_t now,
                    struct err *err)
{
    uint64_t bytes;

    if (!volume->usage) {
        cleanup(closep) int dir = -1;

        if (now < volume->look_at)
            return volume->look_at - now;
        volume->look_at = now + LOOK_EVERY_MS;
        dir = volume_open(v, volume, NULL);
        volume->usage = dir < 0 ? NULL : usage_create(dir);
        if (!volume->usage)
            return LOOK_EVERY_MS;
    }
    if (!usage_step(volume->usage, STEP_USEC) &&
        usage_bytes(volume->usage) <= volume->limit)
        return STEP_EVERY_MS;
    bytes = usage_bytes(volume->usage);
    usage_destroy(take(volume->usage));
    if (bytes > volume->limit)
        return tell_over(volume, bytes, err);
    return volume->look_at > now ? volume->look_at - now : STEP_EVERY_MS;
}

/* One that is being counted goes first; a step of one volume a call. */
static struct volume *whose_turn(struct volumes *v)
{
    struct volume *first = NULL;

    for (size_t i = 0; i < v->n; i++) {
        struct volume *volume = &v->v[i];

        if (!volume->limit)
            continue;
        if (volume->usage)
            return volume;
        if (!first || volume->look_at < first->look_at)
            first = volume;
    }
    return first;
}

int volumes_watch(struct volumes *v, int64_t now_ms, struct err *err)
{
    struct volume *volume = whose_turn(v);
    int64_t wait;

    if (!volume)
        return 0;
    wait = look(v, volume, now_ms, err);
    if (wait <= 0)
        return (int)wait;
    if (!volume->usage && (volume = whose_turn(v)))
        wait = volume->look_at - now_ms;
    return wait < STEP_EVERY_MS ? STEP_EVERY_MS : (int)wait;
}
