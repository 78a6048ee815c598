/* SPDX-License-Identifier: Apache-2.0
 *
 * claims.c - bind claims to volumes, and count who uses them
 */
#include "controller/pods/claims.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/mem.h"
#include "controller/pods/claim_bind.h"
#include "controller/nodes.h"
#include "controller/objects/object_make.h"
#include "controller/pods/pod_data.h"
#include "controller/pods/reclaim.h"
#include "wire/pack.h"

#define VOLUME_PREFIX ":/PersistentVolume/"
#define HOSTNAME "kubernetes.io/hostname"

static const struct mf_claim *claim_of(struct ctl_object *object)
{
    const struct mf_object *read = objects_read(object);

    return read ? read->object : NULL;
}

static const struct mf_persistent_volume *volume_of(struct ctl_object *object)
{
    const struct mf_object *read = objects_read(object);

    return read ? read->object : NULL;
}

static Berth__ClaimStatus *status_of(struct ctl_object *object)
{
    if (!object->record->claim) {
        object->record->claim = xmalloc(sizeof(*object->record->claim));
        berth__claim_status__init(object->record->claim);
    }
    return object->record->claim;
}

static bool is_phase(struct ctl_object *object, const char *phase)
{
    return strcmp(status_of(object)->phase, phase) == 0;
}

struct ctl_object *claims_volume(const struct ctl_object *claim)
{
    return claim->bound;
}

/* ------------------------------------------------------------------ binding */

/* As the claimRef of a volume has it: "default:alice/data", "physics/data". */
static char *claim_text(const struct ctl_object *claim)
{
    const Berth__ObjectRecord *record = claim->record;

    if (strcmp(record->name_space, "default") != 0)
        return xasprintf("%s/%s", record->name_space, record->name);
    return xasprintf("default:%s/%s", record->owner_user, record->name);
}

static void join(struct controller *ctl, struct ctl_object *claim,
                 struct ctl_object *volume)
{
    cleanup(freep) char *text = claim_text(claim);

    claim->bound = volume;
    volume->bound = claim;
    field_set(&status_of(claim)->phase, "Bound");
    field_set(&status_of(claim)->other, volume->record->name);
    field_set(&status_of(volume)->phase, "Bound");
    field_set(&status_of(volume)->other, text);
    objects_event(ctl, claim, false, "Bound", "volume %s", volume->record->name);
    objects_changed(ctl, volume);
    objects_changed(ctl, claim);
}

size_t claims_volumes(const struct controller *ctl, size_t *ret_n)
{
    size_t from = objects_after(ctl, VOLUME_PREFIX), to = from;

    while (to < ctl->n_objects &&
           strncmp(ctl->objects[to]->path, VOLUME_PREFIX, strlen(VOLUME_PREFIX)) == 0)
        to++;
    *ret_n = to - from;
    return from;
}

/* False: it cannot be read. */
static bool view_of(struct ctl_object *object, struct claim_volume *ret)
{
    const struct mf_persistent_volume *volume = volume_of(object);

    if (!volume)
        return false;
    *ret = (struct claim_volume){.volume = volume,
                                 .name = object->record->name,
                                 .maker = object->record->owner_user,
                                 .is_free = is_phase(object, "Available") &&
                                            !object->record->deleted_at};
    return true;
}

static size_t volumes_of(struct controller *ctl, struct claim_volume **ret_views,
                         struct ctl_object ***ret_objects)
{
    size_t count = 0, from = claims_volumes(ctl, &count), n = 0;

    *ret_views = xcalloc(count + 1, sizeof(**ret_views));
    *ret_objects = xcalloc(count + 1, sizeof(**ret_objects));
    for (size_t i = from; i < from + count; i++)
        if (view_of(ctl->objects[i], &(*ret_views)[n]))
            (*ret_objects)[n++] = ctl->objects[i];
    return n;
}

static size_t choose(struct ctl_object *claim, const struct claim_volume *views,
                     size_t n)
{
    struct claim_wish wish = {.claim = claim_of(claim),
                              .name_space = claim->record->name_space,
                              .name = claim->record->name,
                              .uid = claim->record->uid,
                              .user = claim->record->owner_user,
                              .owner = claim->record->owner_uid};

    return wish.claim ? claim_choose(&wish, views, n) : CLAIM_NONE;
}

static bool waits(const struct ctl_object *claim)
{
    return claim->kind == &claims_claim_kind && !claim->bound &&
           !claim->record->deleted_at;
}

static bool try_bind(struct controller *ctl, struct ctl_object *claim)
{
    cleanup(freep) struct claim_volume *views = NULL;
    cleanup(freep) struct ctl_object **objects = NULL;
    size_t n, chosen;

    if (!waits(claim))
        return false;
    n = volumes_of(ctl, &views, &objects);
    chosen = choose(claim, views, n);
    if (chosen == CLAIM_NONE)
        return false;
    join(ctl, claim, objects[chosen]);
    return true;
}

/* A volume has come or changed. Of claims that wait, none of the others fits any: the
 * oldest that this one fits gets it. */
static void bind_waiting(struct controller *ctl, struct ctl_object *volume)
{
    struct ctl_object *oldest = NULL;
    struct claim_volume view;

    if (!view_of(volume, &view) || !view.is_free)
        return;
    for (size_t i = 0; i < ctl->n_objects; i++) {
        struct ctl_object *claim = ctl->objects[i];

        if (waits(claim) &&
            (!oldest || claim->record->created_at < oldest->record->created_at) &&
            choose(claim, &view, 1) != CLAIM_NONE)
            oldest = claim;
    }
    if (!oldest)
        return;
    join(ctl, oldest, volume);
    pod_data_changed(ctl, oldest);
}

/* ------------------------------------------------------------------ use */

static bool is_of_one_node(struct ctl_object *claim)
{
    const struct mf_claim *read = claim_of(claim);

    return read && claim_is_of_one_node(&read->spec->access);
}

static bool is_of_one_pod(struct ctl_object *claim)
{
    const struct mf_claim *read = claim_of(claim);

    return read && claim_is_of_one_pod(&read->spec->access);
}

char *claims_why_not(struct ctl_object *claim, const struct ctl_object *pod)
{
    const char *name = claim->record->name;
    const struct ctl_object *holder = claim->holder;

    if (claim->record->deleted_at)
        return xasprintf("PersistentVolumeClaim %s is being deleted", name);
    if (!claim->bound)
        return xasprintf("PersistentVolumeClaim %s is not bound: no volume fits yet",
                         name);
    if (!holder || holder == pod)
        return NULL;
    if (is_of_one_pod(claim))
        return xasprintf("PersistentVolumeClaim %s is used by pod %s", name,
                         holder->record->name);
    if (is_of_one_node(claim) && !*status_of(claim)->node)
        return xasprintf("PersistentVolumeClaim %s: pod %s goes first", name,
                         holder->record->name);
    return NULL;
}

void claims_hold(struct ctl_object *claim, struct ctl_object *pod)
{
    if (!claim->holder && (is_of_one_pod(claim) || is_of_one_node(claim)))
        claim->holder = pod;
}

/* It may have files on that node's own disk. Pods that a recovery goes through come in
 * the order of their names: what is known stays. */
static void note_node(struct controller *ctl, struct ctl_object *volume,
                      const struct ctl_object *pod)
{
    const char *node = pod->record->pod ? pod->record->pod->node : "";

    if (!volume || !*node || strcmp(status_of(volume)->node, node) == 0 ||
        (ctl->is_recovering && *status_of(volume)->node))
        return;
    field_set(&status_of(volume)->node, node);
    objects_changed(ctl, volume);
}

void claims_enter(struct controller *ctl, struct ctl_object *claim,
                  struct ctl_object *pod)
{
    claim->n_users++;
    claims_hold(claim, pod);
    note_node(ctl, claim->bound, pod);
    if (claim->n_users > 1 || !is_of_one_node(claim) || !pod->record->pod ||
        strcmp(status_of(claim)->node, pod->record->pod->node) == 0)
        return;
    field_set(&status_of(claim)->node, pod->record->pod->node);
    objects_changed(ctl, claim);
    pod_data_recheck_all(ctl, claim);
}

void claims_leave(struct controller *ctl, struct ctl_object *claim,
                  struct ctl_object *pod)
{
    bool was_holder = claim->holder == pod;

    if (was_holder)
        claim->holder = NULL;
    if (pod->uses_claims && claim->n_users > 0)
        claim->n_users--;
    if (claim->n_users > 0 && !is_of_one_pod(claim))
        return;
    if (*status_of(claim)->node) {
        field_set(&status_of(claim)->node, "");
        objects_changed(ctl, claim);
        claim->holder = NULL;
    }
    pod_data_recheck_all(ctl, claim);
}

/* ------------------------------------------------------------------ where */

/* The names that a local volume's affinity gives (admit_volume has seen to the form).
 */
static void keep_named(struct controller *ctl, const struct mf_node_selector *selector,
                       struct bitset *allowed)
{
    for (size_t t = 0; t < selector->terms.n; t++) {
        const struct mf_node_term *term = &selector->terms.items[t];

        for (size_t e = 0; e < term->expressions.n; e++)
            for (char **name = term->expressions.items[e].values; name && *name;
                 name++) {
                const struct ctl_node *node = nodes_find(ctl, *name);

                if (node)
                    bitset_set(allowed, node->index);
            }
    }
}

static void exclude_others(struct controller *ctl, const struct bitset *allowed,
                           struct bitset **excluded)
{
    if (!*excluded)
        *excluded = bitset_create(ctl->config->n_nodes);
    for (size_t i = 0; i < ctl->config->n_nodes; i++)
        if (!bitset_test(allowed, i))
            bitset_set(*excluded, i);
}

void claims_exclude_volume(struct controller *ctl, struct ctl_object *object,
                           struct bitset **excluded)
{
    const struct mf_persistent_volume *volume = volume_of(object);
    cleanup(bitset_destroyp) struct bitset *named = NULL;

    if (!volume || !volume->spec->affinity || !volume->spec->affinity->required)
        return;
    named = bitset_create(ctl->config->n_nodes);
    keep_named(ctl, volume->spec->affinity->required, named);
    exclude_others(ctl, named, excluded);
}

void claims_exclude(struct controller *ctl, struct ctl_object *claim,
                    struct bitset **excluded)
{
    const struct ctl_node *node = nodes_find(ctl, status_of(claim)->node);

    if (node && is_of_one_node(claim)) {
        cleanup(bitset_destroyp) struct bitset *one =
            bitset_create(ctl->config->n_nodes);

        bitset_set(one, node->index);
        exclude_others(ctl, one, excluded);
    }
    if (claim->bound)
        claims_exclude_volume(ctl, claim->bound, excluded);
}

char *claims_print(struct ctl_object *claim, size_t *ret_len)
{
    const ProtobufCBinaryData *text = &claim->record->manifest;
    struct documents documents;
    struct node *spec;
    char *json = NULL;

    *ret_len = 0;
    if (documents_read(claim->path, (const char *)text->data, text->len, &documents,
                       NULL))
        return NULL;
    spec = documents.n == 1 ? node_get(documents.roots[0], "spec") : NULL;
    if (spec && claim->bound) {
        const char *name = claim->bound->record->name;

        node_set(documents.tree, spec, "volumeName",
                 node_new_text(documents.tree, NODE_STRING, name, strlen(name)));
        json = object_print(documents.roots[0], ret_len);
    }
    documents_fini(&documents);
    return json;
}

/* ------------------------------------------------------------------ volumes */

static int check_affinity(const struct mf_node_selector *selector, struct err *err)
{
    for (size_t t = 0; selector && t < selector->terms.n; t++) {
        const struct mf_node_term *term = &selector->terms.items[t];

        if (term->fields.n || term->expressions.n != 1 ||
            term->expressions.items[0].op != MF_NODE_IN ||
            strcmp(term->expressions.items[0].key, HOSTNAME) != 0)
            return err_set(err, ENOTSUP,
                           "spec.nodeAffinity.required.nodeSelectorTerms[%zu]: only "
                           "'" HOSTNAME " In (names of nodes)' is carried out",
                           t);
    }
    return 0;
}

/* Users' own namespaces have one name: whose is meant? */
static void judge_reserved(const struct ctl_object *object,
                           const struct mf_persistent_volume *volume, char **warning)
{
    const struct mf_object_ref *ref = volume->spec->claim;
    cleanup(freep) char *words = NULL;

    if (!ref || !ref->name || (ref->uid && *ref->uid) ||
        (ref->name_space && strcmp(ref->name_space, "default") != 0))
        return;
    words =
        xasprintf("spec.claimRef.namespace: 'default' is each user's own: that of %s "
                  "is meant; write default:USER for another's",
                  object->record->owner_user);
    words_add(warning, words);
}

static int admit_volume(struct controller *ctl, struct ctl_object *object,
                        const struct ctl_object *old, char **warning, struct err *err)
{
    const struct mf_persistent_volume *volume = volume_of(object);
    int rc = volume && volume->spec->affinity
                 ? check_affinity(volume->spec->affinity->required, err)
                 : 0;

    if (rc)
        return err_wrap(err, "PersistentVolume %s", object->record->name);
    if (volume) {
        reclaim_judge(ctl, volume, warning);
        judge_reserved(object, volume, warning);
    }
    if (old)
        reclaim_judge_change(old, warning);
    else
        field_set(&status_of(object)->phase, "Available");
    return 0;
}

static void volume_came(struct controller *ctl, struct ctl_object *object)
{
    bind_waiting(ctl, object);
}

static void volume_replaced(struct controller *ctl, struct ctl_object *object)
{
    reclaim_renew(ctl, object);
    bind_waiting(ctl, object);
}

static void volume_recovered(struct controller *ctl, struct ctl_object *object)
{
    (void)ctl;
    reclaim_recovered(object);
}

/* One that is bound goes when that is over; one that was released stays no longer. */
static void delete_volume(struct controller *ctl, struct ctl_object *object,
                          int64_t grace)
{
    (void)grace;
    if (!object->bound)
        objects_remove(ctl, object);
}

/* ------------------------------------------------------------------ claims */

static int admit_claim(struct controller *ctl, struct ctl_object *object,
                       const struct ctl_object *old, char **warning, struct err *err)
{
    (void)ctl;
    (void)warning;
    (void)err;
    if (!old)
        field_set(&status_of(object)->phase, "Pending");
    return 0;
}

static void claim_came(struct controller *ctl, struct ctl_object *object)
{
    if (!try_bind(ctl, object) && !object->bound)
        objects_event(ctl, object, false, "WaitForVolume", "no volume fits yet");
    pod_data_changed(ctl, object);
}

static void claim_removed(struct controller *ctl, struct ctl_object *object)
{
    struct ctl_object *volume = take(object->bound);

    if (volume)
        reclaim_release(ctl, volume, object);
}

/* One that is used goes when the last pod has left it (claims_leave). */
static void delete_claim(struct controller *ctl, struct ctl_object *object,
                         int64_t grace)
{
    (void)grace;
    if (object->n_users == 0)
        objects_remove(ctl, object);
}

void claims_settle_deleted(struct controller *ctl, struct ctl_object *claim)
{
    if (claim->record->deleted_at && claim->n_users == 0)
        objects_remove(ctl, claim);
}

void claims_attach(struct controller *ctl)
{
    for (size_t i = 0; i < ctl->n_objects; i++) {
        struct ctl_object *claim = ctl->objects[i];
        struct ctl_object *volume;

        if (claim->kind != &claims_claim_kind)
            continue;
        if (!is_phase(claim, "Bound"))
            continue;
        volume = objects_find(ctl, ":", "PersistentVolume", status_of(claim)->other);
        claim->bound = volume;
        if (volume)
            volume->bound = claim;
    }
}

const struct object_kind claims_volume_kind = {.kind = "PersistentVolume",
                                               .admit = admit_volume,
                                               .on_created = volume_came,
                                               .on_changed = volume_came,
                                               .on_replaced = volume_replaced,
                                               .on_recovered = volume_recovered,
                                               .on_deleting = delete_volume};
const struct object_kind claims_claim_kind = {.kind = "PersistentVolumeClaim",
                                              .admit = admit_claim,
                                              .on_created = claim_came,
                                              .on_changed = claim_came,
                                              .on_deleting = delete_claim,
                                              .on_removed = claim_removed};
