/* SPDX-License-Identifier: Apache-2.0
 *
 * group.c - the control group of this shepherd's tasks
 */
#include "shepherd/group.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "cgroup/cgroup.h"
#include "cgroup/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel does not choose such a process, whatever it runs out of. */
#define NEVER_KILLED "-1000"

/* Ways into a group, as long as we may open them. */
struct doors {
    int fds[BERTH_CGROUP_DOORS];
    size_t n;
};

/* A container's of a pod. */
struct part {
    const char *name;
    char *path;
    struct doors doors;
    uint64_t oom_seen;
};

struct group {
    struct cgroup *cg;
    const char *path;
    uint64_t oom_seen;
    struct doors doors;
    struct part *parts; /* of a pod, in place of these */
    size_t n_parts;
    bool is_frozen; /* as we want it */
    void (*fallback)(void *ctx);
    void *ctx;
};

static void protect(void)
{
    cleanup(closep) int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd >= 0)
        (void)io_write_full(fd, NEVER_KILLED, strlen(NEVER_KILLED));
}

static int open_doors(struct cgroup *cg, const char *path, struct doors *doors,
                      struct err *err)
{
    int n = cgroup_doors(cg, path, doors->fds, err);

    doors->n = n < 0 ? 0 : (size_t)n;
    return n < 0 ? n : 0;
}

/* Of a pod: no process is in its own group, but in those below. */
static int open_parts(struct group *group, const Berth__PodWish *pod, struct err *err)
{
    int rc = 0;

    group->n_parts = pod->n_groups + 1;
    group->parts = xcalloc(group->n_parts, sizeof(*group->parts));
    for (size_t i = 0; i < group->n_parts && !rc; i++) {
        struct part *part = &group->parts[i];

        part->name = i ? pod->groups[i - 1]->container : GROUP_SANDBOX;
        part->path = xasprintf("%s/%s", group->path, part->name);
        rc = open_doors(group->cg, part->path, &part->doors, err);
    }
    return rc;
}

int group_prepare(struct shepherd *sh, struct err *err)
{
    const Berth__Assignment *assignment = sh->assignment;
    const Berth__PodWish *pod = assignment->job ? assignment->job->spec->pod : NULL;
    struct group *group;
    struct cgroup *cg;
    int rc;

    if (geteuid() == 0)
        protect();
    if (!assignment->cgroup_plugin[0])
        return 0;
    rc = cgroup_join(assignment->cgroup_plugin, assignment->cgroup_handle, &cg, err);
    if (rc)
        return rc;
    group = sh->group = xcalloc(1, sizeof(*group));
    group->cg = cg;
    group->path = assignment->cgroup_path;
    rc = cgroup_enter(cg, assignment->cgroup_own, 0, err);
    if (!rc && pod && pod->n_groups)
        return open_parts(group, pod, err);
    return rc ? rc : open_doors(cg, group->path, &group->doors, err);
}

const int *group_doors(const struct shepherd *sh, size_t *ret_n)
{
    *ret_n = sh->group ? sh->group->doors.n : 0;
    return sh->group ? sh->group->doors.fds : NULL;
}

static struct part *part_of(const struct shepherd *sh, const char *name)
{
    struct group *group = sh->group;

    for (size_t i = 0; group && i < group->n_parts; i++)
        if (strcmp(group->parts[i].name, name) == 0)
            return &group->parts[i];
    return NULL;
}

const int *group_doors_of(const struct shepherd *sh, const char *name, size_t *ret_n)
{
    const struct part *part = part_of(sh, name);

    if (!part)
        return group_doors(sh, ret_n);
    *ret_n = part->doors.n;
    return part->doors.fds;
}

/* Who could look into us could have taken them. */
void group_close_doors(struct shepherd *sh)
{
    struct doors *doors = sh->group ? &sh->group->doors : NULL;

    while (doors && doors->n)
        (void)close(doors->fds[--doors->n]);
    identity_open();
}

/* ---------------------------------------------------------------------- orders */

static void order(struct shepherd *sh, Berth__GroupOrder__Op op, rpc_reply_fn *fn,
                  void *ctx)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__GroupOrder msg = BERTH__GROUP_ORDER__INIT;

    msg.op = op;
    env.body_case = BERTH__ENVELOPE__BODY_GROUP_ORDER;
    env.group_order = &msg;
    rpc_call(sh->node_rpc, sh->node, &env, fn, ctx);
}

/* A node that is away hears of it when it is back. */
static void on_frozen(const Berth__Envelope *reply, const struct err *err, void *ctx)
{
    struct group *group = ctx;

    (void)reply;
    if (err && err->code != EPIPE)
        group->fallback(group->ctx);
}

static void order_freeze(struct shepherd *sh)
{
    order(sh,
          sh->group->is_frozen ? BERTH__GROUP_ORDER__OP__FREEZE
                               : BERTH__GROUP_ORDER__OP__THAW,
          on_frozen, sh->group);
}

void group_freeze(struct shepherd *sh, bool frozen, void (*fallback)(void *ctx),
                  void *ctx)
{
    if (!sh->group) {
        fallback(ctx);
        return;
    }
    sh->group->is_frozen = frozen;
    sh->group->fallback = fallback;
    sh->group->ctx = ctx;
    if (sh->node)
        order_freeze(sh);
}

static void do_nothing(void *ctx)
{
    (void)ctx;
}

void group_thaw(struct shepherd *sh)
{
    if (sh->group && sh->group->is_frozen)
        group_freeze(sh, false, do_nothing, NULL);
}

void group_node_is_back(struct shepherd *sh)
{
    if (sh->group && sh->group->fallback)
        order_freeze(sh);
}

/* ----------------------------------------------------------------------- usage */

struct berth_cgroup_usage group_usage(const struct shepherd *sh)
{
    struct berth_cgroup_usage usage = {0};

    if (sh->group)
        (void)cgroup_usage(sh->group->cg, sh->group->path, &usage);
    return usage;
}

char *group_why_killed(struct shepherd *sh, const struct berth_cgroup_usage *usage,
                       const char *who, uint64_t rss_kib)
{
    uint64_t n;

    if (!sh->group || usage->oom_kills <= sh->group->oom_seen)
        return NULL;
    n = usage->oom_kills - sh->group->oom_seen;
    sh->group->oom_seen = usage->oom_kills;
    return oom_words(usage, who, n, rss_kib << 10);
}

static struct berth_cgroup_usage usage_of(const struct shepherd *sh, const char *name)
{
    const struct part *part = part_of(sh, name);
    struct berth_cgroup_usage usage = {0};

    if (!part)
        return group_usage(sh);
    (void)cgroup_usage(sh->group->cg, part->path, &usage);
    return usage;
}

bool group_killed_in(struct shepherd *sh, const char *name)
{
    struct part *part = part_of(sh, name);
    uint64_t *seen = part ? &part->oom_seen : sh->group ? &sh->group->oom_seen : NULL;
    uint64_t kills = usage_of(sh, name).oom_kills;

    if (!seen || kills <= *seen)
        return false;
    *seen = kills;
    return true;
}
