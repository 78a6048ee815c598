/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_mounts.c - what the containers of a pod have mounted
 */
#include "shepherd/pod_mounts.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "shepherd/pod_network.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct pod_mounts {
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

int pod_mounts_prepare(struct pod_lead *pl, struct err *err)
{
    struct pod_mounts *mounts = pl->mounts = xcalloc(1, sizeof(*mounts));

    mounts->shm = xasprintf("%s/shm", pl->dir);
    if (mkdir(mounts->shm, 0700) && errno != EEXIST)
        return err_sys(err, errno, "%s", mounts->shm);
    add_memory(mounts, (struct sandbox_memory){.path = mounts->shm, .mode = 01777});
    return 0;
}

const struct sandbox_memory *pod_mounts_memory(const struct pod_lead *pl, size_t *ret_n)
{
    *ret_n = pl->mounts->n_memory;
    return pl->mounts->memory;
}

void pod_mounts_reach(struct pod_lead *pl)
{
    (void)pl;
}

/* ------------------------------------------------------------- of a container */

static void add(struct pod_mount_list *list, struct bind_mount mount)
{
    list->v = xrealloc(list->v, list->n + 1, sizeof(*list->v));
    list->v[list->n++] = mount;
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

static int add_volumes(const struct pod_member *member, struct err *err)
{
    if (member->spec->mounts.n == 0)
        return 0;
    return err_set(err, ENOTSUP,
                   "volume '%s': volumes are not carried out by this node",
                   member->spec->mounts.items[0].name);
}

int pod_mounts_of(struct pod_member *member, char *const *env,
                  struct pod_mount_list *ret, struct err *err)
{
    const struct pod_mounts *mounts = member->of->mounts;
    const struct bind_mount *more;
    size_t n;
    int rc = 0;

    (void)env;
    *ret = (struct pod_mount_list){0};
    add(ret, (struct bind_mount){.source = mounts->shm, .target = "/dev/shm"});
    more = pod_network_mounts(member->of, &n);
    for (size_t i = 0; i < n; i++)
        add(ret, more[i]);
    if (member->spec->message_path)
        rc = add_message(member, ret, err);
    if (!rc)
        rc = add_volumes(member, err);
    if (rc)
        pod_mount_list_fini(ret);
    return rc;
}

void pod_mount_list_fini(struct pod_mount_list *list)
{
    free(list->v);
    strv_free(list->own);
    *list = (struct pod_mount_list){0};
}

void pod_mounts_end(struct pod_lead *pl)
{
    struct pod_mounts *mounts = take(pl->mounts);

    if (!mounts)
        return;
    free(mounts->shm);
    free(mounts->memory);
    free(mounts);
}
