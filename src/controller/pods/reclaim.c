/* SPDX-License-Identifier: Apache-2.0
 *
 * reclaim.c - what becomes of a volume when its claim has gone
 */
#include "controller/pods/reclaim.h"

#include <errno.h>
#include <string.h>

#include "base/bitset.h"
#include "base/mem.h"
#include "base/strv.h"
#include "controller/pods/claims.h"
#include "controller/nodes.h"
#include "controller/objects/object_make.h"
#include "wire/pack.h"

#define ASK_AGAIN 900 /* seconds: a node takes ten minutes at most */
#define BUSY_AGAIN 20

static const struct mf_persistent_volume *volume_of(struct ctl_object *object)
{
    const struct mf_object *read = objects_read(object);

    return read ? read->object : NULL;
}

static Berth__ClaimStatus *status_of(struct ctl_object *volume)
{
    return volume->record->claim;
}

static bool is_deleted_with_claim(struct ctl_object *volume)
{
    const struct mf_persistent_volume *read = volume_of(volume);

    return read && read->spec->reclaim == MF_RECLAIM_DELETE;
}

/* ------------------------------------------------------------------- whose files */

static const char *path_of(const struct mf_volume_spec *spec)
{
    return spec->nfs     ? spec->nfs->path
           : spec->local ? spec->local->path
                         : spec->host_path->path;
}

static const char *server_of(const struct mf_volume_spec *spec)
{
    return spec->nfs ? spec->nfs->server : "";
}

static bool is_at_or_below(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    while (len && dir[len - 1] == '/')
        len--;
    return strncmp(path, dir, len) == 0 && (!path[len] || path[len] == '/');
}

static bool shares_files(const struct mf_volume_spec *a, const struct mf_volume_spec *b)
{
    return strcmp(server_of(a), server_of(b)) == 0 &&
           (is_at_or_below(path_of(a), path_of(b)) ||
            is_at_or_below(path_of(b), path_of(a)));
}

/* Local volumes are of the nodes that they name, and these two have none in common. */
static bool are_apart(struct controller *ctl, struct ctl_object *a,
                      struct ctl_object *b)
{
    cleanup(bitset_destroyp) struct bitset *not_a = NULL;
    cleanup(bitset_destroyp) struct bitset *not_b = NULL;

    if (!volume_of(a)->spec->local || !volume_of(b)->spec->local)
        return false;
    claims_exclude_volume(ctl, a, &not_a);
    claims_exclude_volume(ctl, b, &not_b);
    for (size_t i = 0; not_a && not_b && i < ctl->config->n_nodes; i++)
        if (!bitset_test(not_a, i) && !bitset_test(not_b, i))
            return false;
    return not_a && not_b;
}

/* Another volume with some of its files; NULL: there is none. */
static const struct ctl_object *companion(struct controller *ctl,
                                          struct ctl_object *volume)
{
    const struct mf_persistent_volume *own = volume_of(volume);
    size_t n = 0, from = claims_volumes(ctl, &n);

    for (size_t i = from; i < from + n; i++) {
        struct ctl_object *other = ctl->objects[i];
        const struct mf_persistent_volume *read =
            other != volume ? volume_of(other) : NULL;

        if (read && shares_files(own->spec, read->spec) &&
            !are_apart(ctl, volume, other))
            return other;
    }
    return NULL;
}

/* ---------------------------------------------------------------------- the end */

static void fail(struct controller *ctl, struct ctl_object *volume, const char *words)
{
    volume->asked_at = volume->busy_until = 0;
    objects_event(ctl, volume, true, "VolumeFailedDelete", "%s", words);
    if (volume->record->deleted_at) {
        objects_remove(ctl, volume);
        return;
    }
    field_set(&status_of(volume)->phase, "Failed");
    field_set(&status_of(volume)->words, words);
    objects_changed(ctl, volume);
}

static void finish(struct controller *ctl, struct ctl_object *volume, const char *words)
{
    objects_event(ctl, volume, false, "VolumeDeleted", "%s", words);
    if (volume->record->deleted_at)
        objects_remove(ctl, volume);
    else
        objects_delete(ctl, volume, -1, false);
}

/* -------------------------------------------------------------------- asking */

static struct ctl_node *first_up(struct controller *ctl, const struct bitset *excluded)
{
    for (size_t i = 0; i < ctl->config->n_nodes; i++) {
        struct ctl_node *node = &ctl->nodes[i];

        if ((!excluded || !bitset_test(excluded, i)) && nodes_is_up(node) && node->conn)
            return node;
    }
    return NULL;
}

/* What is at its path elsewhere is not its own: only an export is the same on all
 * nodes. True: there is nobody to ask. */
static bool settle_unknown(struct controller *ctl, struct ctl_object *volume)
{
    const char *last = status_of(volume)->node;
    cleanup(freep) char *words = NULL;

    if (volume_of(volume)->spec->nfs || nodes_find(ctl, last))
        return false;
    if (!*last) {
        finish(ctl, volume, "no pod has used it: nothing is removed");
        return true;
    }
    words = xasprintf("node %s, which used it last, is not in the configuration: its "
                      "files stay",
                      last);
    fail(ctl, volume, words);
    return true;
}

/* Its files may be on the disk of the node that used it last. NULL: nobody now. */
static struct ctl_node *who_empties(struct controller *ctl, struct ctl_object *volume)
{
    cleanup(bitset_destroyp) struct bitset *excluded = NULL;
    struct ctl_node *last = nodes_find(ctl, status_of(volume)->node);

    if (last)
        return nodes_is_up(last) && last->conn ? last : NULL;
    claims_exclude_volume(ctl, volume, &excluded);
    return first_up(ctl, excluded);
}

/* That a node may be at it is on disk before it is told: a Released volume with words
 * is one that was ordered, also for the controller that comes after this one. */
static void note_order(struct controller *ctl, struct ctl_object *volume,
                       const struct ctl_node *node, int64_t now)
{
    Berth__ClaimStatus *status = status_of(volume);
    cleanup(freep) char *words =
        xasprintf("node %s removes what it holds", node->config->name);

    volume->asked_at = now;
    volume->busy_until = now + ASK_AGAIN;
    volume->is_waiting = false;
    if (strcmp(status->node, node->config->name) == 0 &&
        strcmp(status->words, words) == 0)
        return;
    field_set(&status->node, node->config->name);
    field_set(&status->words, words);
    objects_changed(ctl, volume);
}

static void note_answer(struct controller *ctl, struct ctl_object *volume)
{
    volume->busy_until = 0;
    if (strcmp(status_of(volume)->phase, "Released") != 0 || !*status_of(volume)->words)
        return;
    field_set(&status_of(volume)->words, "");
    objects_changed(ctl, volume);
}

static void send_order(struct ctl_node *node, struct ctl_object *volume)
{
    const struct mf_volume_spec *spec = volume_of(volume)->spec;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__VolumeReclaim order = BERTH__VOLUME_RECLAIM__INIT;

    order.uid = volume->record->uid;
    order.name = volume->record->name;
    order.path = (char *)(uintptr_t)path_of(spec);
    order.server = (char *)(uintptr_t)server_of(spec);
    order.owner_uid = status_of(volume)->owner_uid;
    order.owner_gid = status_of(volume)->owner_gid;
    env.body_case = BERTH__ENVELOPE__BODY_VOLUME_RECLAIM;
    env.volume_reclaim = &order;
    channel_send(node->conn->ch, &env);
}

struct order {
    struct controller *ctl;
    char *volume; /* uid */
};

static bool is_to_be_emptied(struct ctl_object *volume)
{
    return volume->record->claim &&
           strcmp(volume->record->claim->phase, "Released") == 0 &&
           is_deleted_with_claim(volume);
}

static void order_now(void *ctx)
{
    struct order *order = ctx;
    struct ctl_object *volume = objects_by_uid(order->ctl, order->volume);
    struct ctl_node *node = volume && is_to_be_emptied(volume)
                                ? nodes_find(order->ctl, status_of(volume)->node)
                                : NULL;

    if (node && node->conn)
        send_order(node, volume);
    free(order->volume);
    free(order);
}

static void order_committed(struct controller *ctl, const struct ctl_object *volume)
{
    struct order *order = xmalloc(sizeof(*order));

    *order = (struct order){ctl, xstrdup(volume->record->uid)};
    store_on_commit(ctl->store, order_now, order);
}

static void wait_for_node(struct controller *ctl, struct ctl_object *volume,
                          int64_t now)
{
    const char *last = status_of(volume)->node;

    volume->asked_at = now - ASK_AGAIN + BUSY_AGAIN;
    if (volume->is_waiting)
        return;
    volume->is_waiting = true;
    objects_event(ctl, volume, false, "WaitForNode",
                  "node %s is to remove what it holds, and is not up",
                  *last ? last : "(any)");
}

static void ask(struct controller *ctl, struct ctl_object *volume, int64_t now)
{
    const struct ctl_object *other = companion(ctl, volume);
    struct ctl_node *node;

    if (other) {
        cleanup(freep) char *words =
            xasprintf("PersistentVolume %s has some of its files: they stay",
                      other->record->name);

        fail(ctl, volume, words);
        return;
    }
    if (settle_unknown(ctl, volume))
        return;
    node = who_empties(ctl, volume);
    if (!node) {
        wait_for_node(ctl, volume, now);
        return;
    }
    note_order(ctl, volume, node, now);
    order_committed(ctl, volume);
}

void reclaim_tick(struct controller *ctl, int64_t now)
{
    size_t n = 0, from = claims_volumes(ctl, &n);
    struct ctl_object *first = NULL;

    /* One a second: what it does may take it out of the table. Those that wait for a
     * node let others go first. */
    for (size_t i = from; i < from + n; i++) {
        struct ctl_object *volume = ctl->objects[i];

        if (is_to_be_emptied(volume) &&
            (!volume->asked_at || now >= volume->asked_at + ASK_AGAIN) &&
            (!first || volume->asked_at < first->asked_at))
            first = volume;
    }
    if (first)
        ask(ctl, first, now);
}

void handle_volume_reclaimed(struct conn *conn, const Berth__Envelope *env)
{
    const Berth__VolumeReclaimed *told = env->volume_reclaimed;
    struct controller *ctl = conn->ctl;
    struct ctl_object *volume = objects_by_uid(ctl, told->uid);
    cleanup(freep) char *words = NULL;

    if (!volume || volume->kind != &claims_volume_kind || !volume->record->claim ||
        strcmp(status_of(volume)->node, conn->node->config->name) != 0)
        return;
    note_answer(ctl, volume);
    if (!is_to_be_emptied(volume))
        return;
    if (told->code == EAGAIN) {
        volume->asked_at = controller_now() - ASK_AGAIN + BUSY_AGAIN;
        return;
    }
    if (told->code == 0) {
        finish(ctl, volume, "what it held has been removed");
        return;
    }
    words = xasprintf("node %s: %.400s", conn->node->config->name, told->words);
    fail(ctl, volume, words);
}

/* ------------------------------------------------------------------- the claim */

void reclaim_release(struct controller *ctl, struct ctl_object *volume,
                     const struct ctl_object *claim)
{
    volume->bound = NULL;
    volume->asked_at = volume->busy_until = 0;
    volume->is_waiting = false;
    status_of(volume)->owner_uid = claim->record->owner_uid;
    status_of(volume)->owner_gid = claim->record->owner_gid;
    field_set(&status_of(volume)->phase, "Released");
    field_set(&status_of(volume)->words, "");
    objects_changed(ctl, volume);
    if (volume->record->deleted_at && !is_deleted_with_claim(volume))
        objects_remove(ctl, volume);
}

/* A node may still be at it. */
static bool is_being_emptied(const struct ctl_object *volume)
{
    return controller_now() < volume->busy_until;
}

void reclaim_recovered(struct ctl_object *volume)
{
    const Berth__ClaimStatus *status = status_of(volume);

    if (status && strcmp(status->phase, "Released") == 0 && *status->words)
        volume->busy_until = controller_now() + ASK_AGAIN;
}

void reclaim_renew(struct controller *ctl, struct ctl_object *volume)
{
    Berth__ClaimStatus *status = status_of(volume);

    if (volume->bound || volume->record->deleted_at || is_being_emptied(volume) ||
        strcmp(status->phase, "Available") == 0)
        return;
    volume->asked_at = volume->busy_until = 0;
    volume->is_waiting = false;
    field_set(&status->phase, "Available");
    field_set(&status->other, "");
    field_set(&status->node, "");
    field_set(&status->words, "");
    status->owner_uid = status->owner_gid = 0;
    objects_changed(ctl, volume);
}

void reclaim_judge_change(const struct ctl_object *volume, char **warning)
{
    cleanup(freep) char *words = NULL;

    if (!is_being_emptied(volume))
        return;
    words = xasprintf("node %s removes what it holds: until that is over it does not "
                      "become Available",
                      volume->record->claim->node);
    words_add(warning, words);
}

/* By the nodes, or the site; what berthd mounts (pods.nfs) is there for pods alone. */
static bool is_mounted(const struct controller *ctl, const struct mf_nfs *nfs)
{
    const char *mounts = ctl->config->pods.nfs_mounts;
    cleanup(strv_freep) char **rules = strv_split(mounts ? mounts : "", ",");
    cleanup(freep) char *export = xasprintf("%s:%s", nfs->server, nfs->path);

    strv_foreach (rule, rules) {
        char *dir = strstr(*rule, "=/");

        if (!dir)
            continue;
        *dir = '\0';
        if (is_at_or_below(export, *rule) && strlen(export) > strlen(*rule))
            return true;
    }
    return false;
}

static void judge_export(const struct controller *ctl, const struct mf_nfs *nfs,
                         char **warning)
{
    cleanup(freep) char *words = NULL;

    if (is_mounted(ctl, nfs))
        return;
    words = xasprintf("spec.persistentVolumeReclaimPolicy: Delete: nodes have not "
                      "mounted %s:%s (pods.nfs_mounts), and do not for this: when its "
                      "claim goes it becomes Failed, and its files stay",
                      nfs->server, nfs->path);
    words_add(warning, words);
}

void reclaim_judge(const struct controller *ctl,
                   const struct mf_persistent_volume *volume, char **warning)
{
    const char *list = ctl->config->pods.reclaim_paths;
    cleanup(strv_freep) char **roots = strv_split(list ? list : "", ",");
    const char *path = path_of(volume->spec);
    cleanup(freep) char *words = NULL;

    if (volume->spec->reclaim != MF_RECLAIM_DELETE)
        return;
    /* Where nodes have an export is theirs to look up. */
    for (char **root = roots; !volume->spec->nfs && root && *root; root++)
        if (is_at_or_below(path, *root) && strlen(path) > strlen(*root))
            return;
    if (volume->spec->nfs && list && *list) {
        judge_export(ctl, volume->spec->nfs, warning);
        return;
    }
    words = xasprintf("spec.persistentVolumeReclaimPolicy: Delete: this site empties "
                      "volumes below %s (pods.reclaim_paths): when its claim goes it "
                      "becomes Failed, and its files stay",
                      list && *list ? list : "no directory");
    words_add(warning, words);
}
