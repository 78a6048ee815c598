/* SPDX-License-Identifier: Apache-2.0
 *
 * objects.c - keep the table of objects, and what follows from a change of one
 */
#include "controller/objects/objects.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "controller/changes.h"
#include "controller/pods/gang_hosts.h"
#include "controller/objects/object_events.h"
#include "controller/objects/object_seal.h"
#include "controller/objects/object_tally.h"
#include "controller/pods/pods.h"
#include "controller/pods/reclaim.h"
#include "wire/pack.h"

/* ------------------------------------------------------------------ finding */

/* Where 'path' stands or would. */
static size_t lower_bound(const struct controller *ctl, const char *path)
{
    size_t low = 0, high = ctl->n_objects;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (strcmp(ctl->objects[mid]->path, path) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

size_t objects_after(const struct controller *ctl, const char *path)
{
    size_t at = lower_bound(ctl, path);

    return at < ctl->n_objects && strcmp(ctl->objects[at]->path, path) == 0 ? at + 1
                                                                            : at;
}

struct ctl_object *objects_find(const struct controller *ctl, const char *space,
                                const char *kind, const char *name)
{
    cleanup(freep) char *path = xasprintf("%s/%s/%s", space, kind, name);
    size_t at = lower_bound(ctl, path);

    return at < ctl->n_objects && strcmp(ctl->objects[at]->path, path) == 0
               ? ctl->objects[at]
               : NULL;
}

struct ctl_object *objects_by_uid(const struct controller *ctl, const char *uid)
{
    struct ctl_object *object;

    HASH_FIND(hh_uid, ctl->objects_by_uid, uid, strlen(uid), object);
    return object;
}

struct ctl_object *objects_by_key(const struct controller *ctl, const char *key)
{
    struct ctl_object *object;

    HASH_FIND(hh_key, ctl->objects_by_key, key, strlen(key), object);
    return object;
}

struct ctl_object *objects_maker(const struct controller *ctl,
                                 const struct ctl_object *object)
{
    const char *uid = object->record->made_by_uid;

    return *uid ? objects_by_uid(ctl, uid) : NULL;
}

/* ------------------------------------------------------------------ reading */

const struct mf_object *objects_read(struct ctl_object *object)
{
    const Berth__ObjectRecord *record = object->record;
    struct manifest_rules rules = {.name_space =
                                       *record->name_space ? record->name_space : NULL};
    struct err err;

    if (object->is_read)
        return object->read.objects;
    /* It was read before it was kept. */
    if (manifest_read(record->name, (const char *)record->manifest.data,
                      record->manifest.len, &rules, &object->read, &err) ||
        object->read.n != 1 || !object->read.objects[0].object)
        log_error("object %s cannot be read any more", object->path);
    if (object->read.n != 1 || !object->read.objects[0].object) {
        manifest_fini(&object->read);
        return NULL;
    }
    object->is_read = true;
    return object->read.objects;
}

void objects_forget_read(struct ctl_object *object)
{
    if (!object->is_read)
        return;
    manifest_fini(&object->read);
    object->is_read = false;
}

static void keep_labels(struct ctl_object *object, const struct node *root)
{
    const struct node *labels = node_get(node_get(root, "metadata"), "labels");

    strv_free(take(object->labels));
    for (size_t i = 0; labels && i + 1 < labels->n_items; i += 2) {
        strv_add(&object->labels, labels->items[i]->text);
        strv_add(&object->labels, labels->items[i + 1]->text);
    }
    object->has_labels = true;
}

/* Without judging the rest again, of thousands. */
static void read_labels(struct ctl_object *object)
{
    const ProtobufCBinaryData *text = &object->record->manifest;
    struct documents documents;

    object->has_labels = true;
    if (documents_read(object->path, (const char *)text->data, text->len, &documents,
                       NULL))
        return;
    if (documents.n == 1)
        keep_labels(object, documents.roots[0]);
    documents_fini(&documents);
}

const char *objects_label(const void *object, const char *key)
{
    /* What is read late changes nothing of what it is. */
    struct ctl_object *one = *(struct ctl_object *const *)object;

    if (!one->has_labels)
        read_labels(one);
    for (size_t i = 0; one->labels && one->labels[i]; i += 2)
        if (strcmp(one->labels[i], key) == 0)
            return one->labels[i + 1];
    return NULL;
}

/* ------------------------------------------------------------------ the table */

static char *path_of(const char *space, const Berth__ObjectRecord *record)
{
    return xasprintf("%s/%s/%s", space, record->kind, record->name);
}

static char *store_key(const struct ctl_object *object)
{
    return xasprintf("object/%s", object->path);
}

static void link_made(struct controller *ctl, struct ctl_object *object)
{
    struct ctl_object *maker = objects_maker(ctl, object);

    if (!maker)
        return;
    object->maker = maker;
    DL_APPEND(maker->made, object);
    maker->n_made++;
}

static void unlink_made(struct ctl_object *object)
{
    struct ctl_object *maker = take(object->maker);

    if (!maker)
        return;
    DL_DELETE(maker->made, object);
    maker->n_made--;
}

static void insert(struct controller *ctl, struct ctl_object *object)
{
    size_t at = lower_bound(ctl, object->path);
    Berth__ObjectRecord *record = object->record;

    if (ctl->n_objects == ctl->cap_objects) {
        ctl->cap_objects = ctl->cap_objects ? 2 * ctl->cap_objects : 64;
        ctl->objects = xrealloc(ctl->objects, ctl->cap_objects, sizeof(*ctl->objects));
    }
    memmove(ctl->objects + at + 1, ctl->objects + at,
            (ctl->n_objects - at) * sizeof(*ctl->objects));
    ctl->objects[at] = object;
    ctl->n_objects++;
    HASH_ADD_KEYPTR(hh_uid, ctl->objects_by_uid, record->uid, strlen(record->uid),
                    object);
    if (*record->key)
        HASH_ADD_KEYPTR(hh_key, ctl->objects_by_key, record->key, strlen(record->key),
                        object);
    object_tally_add(ctl, object, 1);
    link_made(ctl, object);
}

void object_free(struct ctl_object *object)
{
    if (!object)
        return;
    objects_forget_read(object);
    strv_free(object->labels);
    strv_free(object->needs);
    free_message(object->record);
    free_message(object->draft);
    free(object->space);
    free(object->path);
    free(object->waits_for);
    free(object->gang_address);
    free(object->gang_names);
    free(object);
}

/* Out of all tables; what it made has no maker then. */
static void take_out(struct controller *ctl, struct ctl_object *object)
{
    size_t at = lower_bound(ctl, object->path);
    struct ctl_object *made, *next;

    BUG_ON(at == ctl->n_objects || ctl->objects[at] != object);
    memmove(ctl->objects + at, ctl->objects + at + 1,
            (--ctl->n_objects - at) * sizeof(*ctl->objects));
    HASH_DELETE(hh_uid, ctl->objects_by_uid, object);
    if (*object->record->key)
        HASH_DELETE(hh_key, ctl->objects_by_key, object);
    object_tally_add(ctl, object, -1);
    unlink_made(object);
    DL_FOREACH_SAFE(object->made, made, next)
    unlink_made(made);
}

/* ------------------------------------------------------------------ the store */

/* Who watches is told by the event that carries its revision. */
static void save(struct controller *ctl, struct ctl_object *object, const char *verb)
{
    cleanup(freep) char *key = store_key(object);
    uint8_t *bytes;
    size_t len;

    object->record->revision = store_appended(ctl->store) + 1;
    changes_object(ctl, object->record, verb);
    bytes = object_seal_pack(ctl, object->record, &len);
    store_put_heap(ctl->store, key, bytes, len);
}

void objects_changed(struct controller *ctl, struct ctl_object *object)
{
    if (!object->is_new)
        save(ctl, object, "modified");
}

void objects_enter(struct controller *ctl, struct ctl_object *object,
                   const struct node *root)
{
    keep_labels(object, root);
    object->is_new = true;
    insert(ctl, object);
    if (object->kind->on_created)
        object->kind->on_created(ctl, object);
    object->is_new = false;
    save(ctl, object, "added");
}

void objects_set_manifest(struct controller *ctl, struct ctl_object *object, char *text,
                          size_t len, const struct node *root)
{
    object_tally_add(ctl, object, -1);
    objects_forget_read(object);
    free(object->record->manifest.data);
    object->record->manifest = (ProtobufCBinaryData){len, (uint8_t *)text};
    object->record->generation++;
    keep_labels(object, root);
    object_tally_add(ctl, object, 1);
    objects_changed(ctl, object);
    if (object->kind->on_changed)
        object->kind->on_changed(ctl, object);
}

/* ------------------------------------------------------------------ the end */

void objects_delete(struct controller *ctl, struct ctl_object *object, int64_t grace,
                    bool orphan)
{
    bool is_first = object->record->deleted_at == 0;

    if (is_first) {
        object->record->deleted_at = controller_now();
        object->record->orphans = orphan;
        objects_changed(ctl, object);
    }
    if (object->kind->on_deleting)
        object->kind->on_deleting(ctl, object, grace);
    else
        objects_remove(ctl, object);
}

/* Those that are left behind belong to nobody. */
static void leave_behind(struct controller *ctl, struct ctl_object *object)
{
    struct ctl_object *made, *next;

    DL_FOREACH_SAFE(object->made, made, next)
    {
        unlink_made(made);
        field_set(&made->record->made_by_kind, "");
        field_set(&made->record->made_by_name, "");
        field_set(&made->record->made_by_uid, "");
        objects_changed(ctl, made);
    }
}

/* Deleting one may remove it, and others with it: begin again until none is left. */
static void delete_made(struct controller *ctl, char **uids)
{
    strv_foreach (uid, uids) {
        struct ctl_object *made = objects_by_uid(ctl, *uid);

        if (made)
            objects_delete(ctl, made, -1, false);
    }
}

static char **uids_of_made(const struct ctl_object *object)
{
    const struct ctl_object *made;
    char **uids = xcalloc(object->n_made + 1, sizeof(*uids));
    size_t n = 0;

    DL_FOREACH(object->made, made)
    uids[n++] = xstrdup(made->record->uid);
    return uids;
}

void objects_remove(struct controller *ctl, struct ctl_object *object)
{
    cleanup(strv_freep) char **uids = NULL;
    cleanup(freep) char *key = store_key(object);
    struct ctl_object *maker = objects_maker(ctl, object);

    if (object->record->orphans)
        leave_behind(ctl, object);
    uids = uids_of_made(object);
    if (maker && maker->kind->on_pod && strcmp(object->record->kind, "Pod") == 0)
        maker->kind->on_pod(ctl, maker, object, true);
    if (object->kind->on_removed)
        object->kind->on_removed(ctl, object);
    take_out(ctl, object);
    object->record->revision = store_appended(ctl->store) + 1;
    changes_object(ctl, object->record, "deleted");
    store_delete(ctl->store, key);
    object_free(object);
    delete_made(ctl, uids);
}

/* ------------------------------------------------------------------ life */

struct loading {
    struct controller *ctl;
    struct err *err;
};

static int load_one(const char *key, const void *value, size_t len, void *ctx)
{
    const struct loading *loading = ctx;
    Berth__ObjectRecord *record =
        unpack_message(&berth__object_record__descriptor, value, len);
    const struct object_kind *kind = record ? object_kind_find(record->kind) : NULL;
    const char *path = key + strlen("object/");
    const char *slash = strchr(path, '/');
    struct ctl_object *object;

    if (!kind || !slash) {
        free_message(record);
        return err_set(loading->err, EBADMSG, "%s cannot be read", key);
    }
    if (object_seal_open(loading->ctl, record)) {
        free_message(record);
        return err_set(loading->err, EBADMSG, "%s is sealed with another key", key);
    }
    object = xcalloc(1, sizeof(*object));
    object->record = record;
    object->kind = kind;
    object->space = xstrndup(path, (size_t)(slash - path));
    object->path = path_of(object->space, record);
    insert(loading->ctl, object);
    return 0;
}

int objects_load(struct controller *ctl, struct err *err)
{
    struct loading loading = {ctl, err};
    int rc = object_seal_load(ctl, err);

    if (rc == 0)
        rc = store_scan(ctl->store, "object/", load_one, &loading, err);

    /* Some were read before what had made them. */
    for (size_t i = 0; rc == 0 && i < ctl->n_objects; i++)
        if (!ctl->objects[i]->maker)
            link_made(ctl, ctl->objects[i]);
    return rc ? rc : object_events_load(ctl, err);
}

/* Kinds make and delete others meanwhile, so the table is asked by uid. */
void objects_recovered(struct controller *ctl)
{
    cleanup(strv_freep) char **uids = xcalloc(ctl->n_objects + 1, sizeof(*uids));

    for (size_t i = 0; i < ctl->n_objects; i++)
        uids[i] = xstrdup(ctl->objects[i]->record->uid);
    strv_foreach (uid, uids) {
        struct ctl_object *object = objects_by_uid(ctl, *uid);

        if (object && object->kind->on_recovered)
            object->kind->on_recovered(ctl, object);
    }
}

void objects_tick(struct controller *ctl, int64_t now)
{
    object_events_age(ctl, now);
    pods_tick(ctl);
    reclaim_tick(ctl, now);
    gang_hosts_tick(ctl);
}

void objects_clear(struct controller *ctl)
{
    HASH_CLEAR(hh_uid, ctl->objects_by_uid);
    HASH_CLEAR(hh_key, ctl->objects_by_key);
    for (size_t i = 0; i < ctl->n_objects; i++)
        object_free(ctl->objects[i]);
    free(take(ctl->objects));
    ctl->n_objects = ctl->cap_objects = 0;
    object_tally_clear(ctl);
    object_events_clear(ctl);
}
