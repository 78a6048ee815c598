/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_exports.c - directories of NFS servers that the node mounts for the pod
 */
#include "shepherd/pod_exports.h"

#include "base/mem.h"
#include "shepherd/pod_mounts.h"
#include "shepherd/pod_volumes.h"

#include <errno.h>
#include <stdlib.h>

struct pod_exports {
    struct pod_lead *pl; /* NULL: the pod has ended, an answer is still awaited */
    void (*fn)(struct pod_lead *pl, const struct err *why);
    bool is_asking; /* berthd, right now */
    bool is_to_ask; /* when it is back */
};

/* Heap. */
static const struct mf_nfs **wanted(const struct pod_lead *pl, size_t *ret_n)
{
    const struct mf_nfs **list = xcalloc(pl->spec->spec->volumes.n + 1, sizeof(*list));

    *ret_n = pod_volumes_exports(pod_mounts_volumes(pl), list);
    return list;
}

bool pod_exports_are_wanted(const struct pod_lead *pl)
{
    cleanup(freep) const struct mf_nfs **list = NULL;
    size_t n;

    list = wanted(pl, &n);
    return n > 0;
}

static void on_mounted(const Berth__Envelope *reply, const struct err *err, void *ctx)
{
    struct pod_exports *e = ctx;
    struct err why = {0};
    int rc = 0;

    e->is_asking = false;
    if (!e->pl) {
        free(e);
        return;
    }
    if (err && err->code == EPIPE) {
        e->is_to_ask = true;
        return;
    }
    if (!err && reply->body_case != BERTH__ENVELOPE__BODY_POD_MOUNTED)
        rc = err_set(&why, EPROTO, "the node's answer is none");
    for (size_t i = 0; !err && !rc && i < reply->pod_mounted->n_rules; i++)
        rc = pod_volumes_add_export(pod_mounts_volumes(e->pl),
                                    reply->pod_mounted->rules[i], &why);
    e->fn(e->pl, err ? err : rc ? &why : NULL);
}

/* While berthd is away there is nobody to ask. */
static void ask(struct pod_exports *e)
{
    struct shepherd *sh = e->pl->sh;
    size_t n;
    cleanup(freep) const struct mf_nfs **list = wanted(e->pl, &n);
    cleanup(freep) Berth__PodExport *exports = xcalloc(n + 1, sizeof(*exports));
    cleanup(freep) Berth__PodExport **pointers = xcalloc(n + 1, sizeof(*pointers));
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__PodMount mount = BERTH__POD_MOUNT__INIT;

    e->is_to_ask = !sh->node;
    if (e->is_to_ask || e->is_asking)
        return;
    for (size_t i = 0; i < n; i++) {
        berth__pod_export__init(&exports[i]);
        exports[i].server = list[i]->server;
        exports[i].path = list[i]->path;
        pointers[i] = &exports[i];
    }
    mount.job_id = sh->job;
    mount.epoch = sh->epoch;
    mount.exports = pointers;
    mount.n_exports = n;
    env.body_case = BERTH__ENVELOPE__BODY_POD_MOUNT;
    env.pod_mount = &mount;
    e->is_asking = true;
    rpc_call(sh->node_rpc, sh->node, &env, on_mounted, e);
}

void pod_exports_ask(struct pod_lead *pl,
                     void (*fn)(struct pod_lead *pl, const struct err *why))
{
    struct pod_exports *e = pl->exports = xcalloc(1, sizeof(*e));

    e->pl = pl;
    e->fn = fn;
    ask(e);
}

void pod_exports_node_is_back(struct pod_lead *pl)
{
    if (pl->exports && pl->exports->is_to_ask)
        ask(pl->exports);
}

void pod_exports_end(struct pod_lead *pl)
{
    struct pod_exports *e = take(pl->exports);

    if (!e)
        return;
    e->pl = NULL;
    if (!e->is_asking)
        free(e);
}
