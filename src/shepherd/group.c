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

struct group {
    struct cgroup *cg;
    const char *path;
    uint64_t oom_seen;
    int doors[BERTH_CGROUP_DOORS]; /* into the group, as long as we may open them */
    size_t n_doors;
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

/* Beside the group of our tasks, in that of the job's shepherds. */
static int enter_own(struct group *group, struct err *err)
{
    const char *work = strstr(group->path, "/work/");
    cleanup(freep) char *own = NULL;

    if (!work)
        return err_set(err, EINVAL, "%s: not a group of a job", group->path);
    own = xasprintf("%.*s/shepherds", (int)(work - group->path), group->path);
    return cgroup_enter(group->cg, own, 0, err);
}

static int open_doors(struct group *group, struct err *err)
{
    int n = cgroup_doors(group->cg, group->path, group->doors, err);

    group->n_doors = n < 0 ? 0 : (size_t)n;
    return n < 0 ? n : 0;
}

int group_prepare(struct shepherd *sh, struct err *err)
{
    const Berth__Assignment *assignment = sh->assignment;
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
    rc = enter_own(group, err);
    return rc ? rc : open_doors(group, err);
}

const int *group_doors(const struct shepherd *sh, size_t *ret_n)
{
    *ret_n = sh->group ? sh->group->n_doors : 0;
    return sh->group ? sh->group->doors : NULL;
}

/* Who could look into us could have taken them. */
void group_close_doors(struct shepherd *sh)
{
    while (sh->group && sh->group->n_doors)
        (void)close(sh->group->doors[--sh->group->n_doors]);
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
