/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_mounts.c - what the containers of a pod have mounted
 */
#include "shepherd/pod_mounts.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "shepherd/pod_network.h"
#include "shepherd/pod_volumes.h"
#include "volume/ephemeral.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVICTION_GRACE 1
#define DATA_MODE 0755
#define EMPTY_MODE 0777

struct pod_mounts {
    struct pod_volumes *volumes;
    size_t first;     /* of the sandbox's memory: theirs */
    uv_timer_t *look; /* at what they hold; NULL: nobody looks */
    struct ephemeral *ephemeral;
    char *shm; /* a directory, and where the sandbox has /dev/shm of all */
    struct sandbox_memory *memory;
    size_t n_memory;
};

static void add_memory(struct pod_mounts *mounts, struct sandbox_memory memory)
{
    mounts->memory =
        xrealloc(mounts->memory, mounts->n_memory + 1, sizeof(*mounts->memory));
    mounts->memory[mounts->n_memory++] = memory;
}

static int add_volumes_memory(struct pod_lead *pl, struct err *err)
{
    struct pod_mounts *mounts = pl->mounts;
    const struct volume_memory *memory;
    size_t n;
    int rc = pod_volumes_prepare(mounts->volumes, pl->dir, err);

    if (rc)
        return rc;
    mounts->first = mounts->n_memory;
    memory = pod_volumes_memory(mounts->volumes, &n);
    for (size_t i = 0; i < n; i++)
        add_memory(mounts, (struct sandbox_memory){
                               .path = memory[i].path,
                               .bytes = memory[i].bytes,
                               .mode = memory[i].never_swapped ? DATA_MODE : EMPTY_MODE,
                               .never_swapped = memory[i].never_swapped});
    return 0;
}

int pod_mounts_begin(struct pod_lead *pl, struct err *err)
{
    pl->mounts = xcalloc(1, sizeof(*pl->mounts));
    return pod_volumes_create(pl->sh, pl->spec, &pl->mounts->volumes, err);
}

struct pod_volumes *pod_mounts_volumes(const struct pod_lead *pl)
{
    return pl->mounts ? pl->mounts->volumes : NULL;
}

int pod_mounts_prepare(struct pod_lead *pl, struct err *err)
{
    struct pod_mounts *mounts = pl->mounts;

    mounts->shm = xasprintf("%s/shm", pl->dir);
    if (mkdir(mounts->shm, 0700) && errno != EEXIST)
        return err_sys(err, errno, "%s", mounts->shm);
    add_memory(mounts, (struct sandbox_memory){.path = mounts->shm, .mode = 01777});
    return add_volumes_memory(pl, err);
}

const struct sandbox_memory *pod_mounts_memory(const struct pod_lead *pl, size_t *ret_n)
{
    *ret_n = pl->mounts->n_memory;
    return pl->mounts->memory;
}

/* Both count a bit. In how many ms to call again, 0: never; or -EDQUOT. */
static int watch(struct pod_mounts *mounts, struct err *err)
{
    int64_t now = pod_lead_now() / 1000;
    int volumes = pod_volumes_watch(mounts->volumes, now, err);
    int all = volumes < 0 ? 0 : ephemeral_watch(mounts->ephemeral, now, err);

    if (volumes < 0 || all < 0)
        return volumes < 0 ? volumes : all;
    return !all || (volumes && volumes < all) ? volumes : all;
}

static void look(uv_timer_t *timer)
{
    struct pod_lead *pl = timer->data;
    struct err err;
    int wait = watch(pl->mounts, &err);

    if (wait > 0)
        (void)uv_timer_start(timer, look, (uint64_t)wait, 0);
    else if (wait < 0)
        pod_lead_end(pl, POD_WHY_OVERFULL, EVICTION_GRACE, err.text);
}

void pod_mounts_reach(struct pod_lead *pl)
{
    struct pod_mounts *mounts = pl->mounts;
    size_t n = mounts->n_memory - mounts->first;
    cleanup(freep) int *roots = xcalloc(n + 1, sizeof(*roots));
    cleanup(freep) char *volumes_dir = NULL;

    for (size_t i = 0; i < n; i++)
        roots[i] = sandbox_memory(pl->sandbox, mounts->first + i);
    pod_volumes_reach(mounts->volumes, roots);
    volumes_dir = xasprintf("%s/volumes", pl->dir);
    mounts->ephemeral = ephemeral_create(pl->spec->spec, volumes_dir, pl->log_dir);
    mounts->look = xcalloc(1, sizeof(*mounts->look));
    (void)uv_timer_init(pl->sh->loop, mounts->look);
    mounts->look->data = pl;
    (void)uv_timer_start(mounts->look, look, 0, 0);
}

void pod_mounts_take(struct pod_lead *pl, const Berth__PodData *data)
{
    const struct pod_event news = {.kind = POD_CONFIG_NEW};

    for (size_t i = 0; i < data->n_objects; i++)
        if (strcmp(data->objects[i]->kind, "Gang") == 0)
            pod_network_gang(pl, (const char *)data->objects[i]->manifest.data,
                             data->objects[i]->manifest.len);
    if (pl->mounts && pl->mounts->volumes &&
        pod_volumes_take(pl->mounts->volumes, data))
        pod_lead_tell(pl, &news);
}

/* ------------------------------------------------------------- of a container */

static void add(struct pod_mount_list *list, struct bind_mount mount)
{
    list->v = xrealloc(list->v, list->n + 1, sizeof(*list->v));
    list->v[list->n++] = mount;
}

int pod_mounts_env(const struct pod_member *member, char ***ret_env, struct err *err)
{
    struct pod_lead *pl = member->of;
    const char *host = pod_network_host_address(pl);
    const char *own = pod_network_address(pl);

    /* A network that nobody has connected has its loopback device. */
    if (!own[0])
        own = pod_network_is_own(pl) ? "127.0.0.1" : host;
    pod_volumes_addresses(pl->mounts->volumes, host, own);
    return pod_volumes_env(pl->mounts->volumes, member->spec, ret_env, err);
}

char *pod_mounts_message_file(const struct pod_member *member)
{
    return xasprintf("%s/message.%s", member->of->dir, member->spec->name);
}

/* Empty for each run: what it says is about that. */
static int add_message(const struct pod_member *member, struct pod_mount_list *list,
                       struct err *err)
{
    char *file = pod_mounts_message_file(member);
    cleanup(closep) int fd =
        open(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

    strv_take(&list->own, file);
    if (fd < 0)
        return err_sys(err, errno, "%s", file);
    add(list, (struct bind_mount){.source = file,
                                  .target = member->spec->message_path,
                                  .origin = "terminationMessagePath"});
    return 0;
}

/* They own their texts, which go to the list. */
static void move_binds(struct volume_binds *binds, struct pod_mount_list *list)
{
    for (size_t i = 0; i < binds->n; i++) {
        struct volume_bind *bind = &binds->v[i];

        add(list, (struct bind_mount){.source = bind->source,
                                      .within = bind->within,
                                      .target = bind->target,
                                      .readonly = bind->readonly,
                                      .origin = "volumeMounts"});
        strv_take(&list->own, take(bind->source));
        strv_take(&list->own, take(bind->within));
        strv_take(&list->own, take(bind->target));
    }
    volume_binds_fini(binds);
}

static int add_volumes(const struct pod_member *member, char *const *env,
                       struct pod_mount_list *list, struct err *err)
{
    struct volume_binds binds;
    int rc =
        pod_volumes_binds(member->of->mounts->volumes, member->spec, env, &binds, err);

    if (!rc)
        move_binds(&binds, list);
    return rc;
}

/* What is mounted below something else comes after it; of one place, volumes last. */
static void sort(struct pod_mount_list *list)
{
    for (size_t i = 1; i < list->n; i++) {
        struct bind_mount mount = list->v[i];
        size_t len = strlen(mount.target), at = i;

        for (; at && strlen(list->v[at - 1].target) > len; at--)
            list->v[at] = list->v[at - 1];
        list->v[at] = mount;
    }
}

int pod_mounts_of(struct pod_member *member, char *const *env,
                  struct pod_mount_list *ret, struct err *err)
{
    const struct pod_mounts *mounts = member->of->mounts;
    const struct bind_mount *more;
    size_t n;
    int rc = 0;

    *ret = (struct pod_mount_list){0};
    add(ret, (struct bind_mount){.source = mounts->shm, .target = "/dev/shm"});
    more = pod_network_mounts(member->of, &n);
    for (size_t i = 0; i < n; i++)
        add(ret, more[i]);
    if (member->spec->message_path)
        rc = add_message(member, ret, err);
    if (!rc)
        rc = add_volumes(member, env, ret, err);
    if (rc)
        pod_mount_list_fini(ret);
    sort(ret);
    return rc;
}

void pod_mount_list_fini(struct pod_mount_list *list)
{
    free(list->v);
    strv_free(list->own);
    *list = (struct pod_mount_list){0};
}

static void free_timer(uv_handle_t *timer)
{
    free(timer);
}

void pod_mounts_end(struct pod_lead *pl)
{
    struct pod_mounts *mounts = take(pl->mounts);

    if (!mounts)
        return;
    if (mounts->look)
        uv_close((uv_handle_t *)mounts->look, free_timer);
    ephemeral_destroy(mounts->ephemeral);
    pod_volumes_destroy(mounts->volumes);
    free(mounts->shm);
    free(mounts->memory);
    free(mounts);
}
