/* SPDX-License-Identifier: Apache-2.0
 *
 * data.c - the objects that a pod names, kept where no core dump sees them
 *
 * The bytes of ConfigMaps and Secrets are in a mapping of their own for each object:
 * it is left out of core dumps, is empty in processes that are forked (the first ones
 * of containers), and is overwritten before it goes.
 */
#include "volume/data.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "objects/manifest.h"

/* An object; one that is gone stays, for its revision. */
struct data_object {
    enum mf_kind_id kind;
    char *name;
    uint64_t revision;
    bool is_there;
    struct data_entry *entries; /* by key */
    size_t n_entries;
    char *bytes; /* what they point into */
    size_t n_bytes;
    struct manifest manifest; /* of claims and volumes */
};

struct pod_data {
    struct data_object *objects;
    size_t n;
};

struct pod_data *pod_data_create(void)
{
    return xcalloc(1, sizeof(struct pod_data));
}

/* What it held goes; name and revision stay. */
static void empty(struct data_object *o)
{
    if (o->bytes) {
        explicit_bzero(o->bytes, o->n_bytes);
        (void)munmap(o->bytes, o->n_bytes);
    }
    free(o->entries);
    manifest_fini(&o->manifest);
    *o =
        (struct data_object){.kind = o->kind, .name = o->name, .revision = o->revision};
}

void pod_data_destroy(struct pod_data *data)
{
    if (!data)
        return;
    for (size_t i = 0; i < data->n; i++) {
        empty(&data->objects[i]);
        free(data->objects[i].name);
    }
    free(data->objects);
    free(data);
}

static struct data_object *find(const struct pod_data *data, enum mf_kind_id kind,
                                const char *name)
{
    for (size_t i = 0; i < data->n; i++)
        if (data->objects[i].kind == kind && strcmp(data->objects[i].name, name) == 0)
            return &data->objects[i];
    return NULL;
}

static struct data_object *find_or_add(struct pod_data *data, enum mf_kind_id kind,
                                       const char *name)
{
    struct data_object *o = find(data, kind, name);

    if (o)
        return o;
    data->objects = xrealloc(data->objects, data->n + 1, sizeof(*data->objects));
    o = &data->objects[data->n++];
    *o = (struct data_object){.kind = kind, .name = xstrdup(name)};
    return o;
}

/* ------------------------------------------------------------------- bytes */

static const struct data_entry *entry_of(const struct data_entry *entries, size_t n,
                                         const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(entries[i].key, key) == 0)
            return &entries[i];
    return NULL;
}

/* Entries that point into what was read: pairs, then blobs of other keys. */
static size_t gather(const mf_pairs *pairs, const mf_blobs *blobs, bool is_binary,
                     struct data_entry *ret)
{
    size_t n = 0;

    for (size_t i = 0; i < pairs->n; i++) {
        const char *value = pairs->items[i].value ? pairs->items[i].value : "";

        ret[n++] = (struct data_entry){
            .key = pairs->items[i].key, .bytes = value, .len = strlen(value)};
    }
    for (size_t i = 0; i < blobs->n; i++) {
        const struct mf_blob *blob = &blobs->items[i];

        if (!entry_of(ret, pairs->n, blob->key))
            ret[n++] = (struct data_entry){.key = blob->key,
                                           .bytes = blob->bytes ? blob->bytes : "",
                                           .len = blob->len,
                                           .is_binary = is_binary};
    }
    return n;
}

static int by_key(const void *a, const void *b)
{
    const struct data_entry *x = a, *y = b;

    return strcmp(x->key, y->key);
}

static char *place(char **at, const char *bytes, size_t len)
{
    char *to = *at;

    memcpy(to, bytes, len);
    to[len] = '\0';
    *at += len + 1;
    return to;
}

/* Copy keys and bytes to where they are safe. */
static int settle(struct data_object *o, struct err *err)
{
    size_t total = 1;
    char *at;

    for (size_t i = 0; i < o->n_entries; i++)
        total += strlen(o->entries[i].key) + 1 + o->entries[i].len + 1;
    at = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return err_sys(err, errno, "memory for the data of '%s'", o->name);
    (void)madvise(at, total, MADV_DONTDUMP);
    (void)madvise(at, total, MADV_WIPEONFORK);
    o->bytes = at;
    o->n_bytes = total;
    for (size_t i = 0; i < o->n_entries; i++) {
        struct data_entry *entry = &o->entries[i];

        entry->key = place(&at, entry->key, strlen(entry->key));
        entry->bytes = place(&at, entry->bytes, entry->len);
    }
    qsort(o->entries, o->n_entries, sizeof(*o->entries), by_key);
    return 0;
}

static void wipe(const mf_pairs *pairs, const mf_blobs *blobs)
{
    for (size_t i = 0; i < pairs->n; i++)
        if (pairs->items[i].value)
            explicit_bzero(pairs->items[i].value, strlen(pairs->items[i].value));
    for (size_t i = 0; i < blobs->n; i++)
        if (blobs->items[i].bytes)
            explicit_bzero(blobs->items[i].bytes, blobs->items[i].len);
}

/* The same of the tree that they were read from. */
static void wipe_tree(const struct node *root, const char *member)
{
    const struct node *map = node_get(root, member);

    for (size_t i = 1; map && map->kind == NODE_MAP && i < map->n_items; i += 2)
        if (map->items[i]->text)
            explicit_bzero(map->items[i]->text, strlen(map->items[i]->text));
}

static int take_entries(struct data_object *o, const mf_pairs *pairs,
                        const mf_blobs *blobs, struct err *err)
{
    o->entries = xcalloc(pairs->n + blobs->n + 1, sizeof(*o->entries));
    o->n_entries = gather(pairs, blobs, o->kind == MF_CONFIG_MAP, o->entries);
    return settle(o, err);
}

/* ---------------------------------------------------------------- take in */

static int take_in(struct data_object *o, const struct mf_object *read, struct err *err)
{
    const struct mf_config_map *map = read->object;
    const struct mf_secret *secret = read->object;
    int rc;

    if (o->kind == MF_CONFIG_MAP)
        return take_entries(o, &map->data, &map->binary, err);
    if (o->kind != MF_SECRET)
        return 0;
    rc = take_entries(o, &secret->text, &secret->data, err);
    wipe(&secret->text, &secret->data);
    wipe_tree(read->root, "data");
    wipe_tree(read->root, "stringData");
    return rc;
}

static int read_into(struct data_object *o, const void *json, size_t len,
                     struct err *err)
{
    static const struct manifest_rules rules = {.name_space = NULL};
    struct manifest read = {0};
    int rc = manifest_read(o->name, json, len, &rules, &read, NULL);

    if (rc || read.n != 1 || !read.objects[0].object ||
        read.objects[0].kind->id != o->kind) {
        manifest_fini(&read);
        return err_set(err, EINVAL, "what was sent for '%s' cannot be read", o->name);
    }
    rc = take_in(o, &read.objects[0], err);
    if (rc || o->kind == MF_CONFIG_MAP || o->kind == MF_SECRET)
        manifest_fini(&read);
    else
        o->manifest = read;
    o->is_there = !rc;
    return rc;
}

static bool is_kept(enum mf_kind_id kind)
{
    return kind == MF_CONFIG_MAP || kind == MF_SECRET || kind == MF_PERSISTENT_VOLUME ||
           kind == MF_PERSISTENT_VOLUME_CLAIM;
}

/* Of one that is gone the revision may not be known, 0. */
static bool is_old(const struct data_object *o, uint64_t revision, bool is_there)
{
    if (!is_there)
        return revision && revision < o->revision;
    return revision < o->revision || (revision == o->revision && o->is_there);
}

int pod_data_put(struct pod_data *data, const char *kind, const char *name,
                 uint64_t revision, const void *json, size_t len, struct err *err)
{
    const struct mf_kind *known = kind_by_name(NULL, kind);
    struct data_object *o;
    bool was_there;
    int rc = 0;

    if (!known || !is_kept(known->id))
        return err_set(err, EINVAL, "pods are not sent objects of kind '%.64s'", kind);
    o = find_or_add(data, known->id, name);
    if (is_old(o, revision, len > 0))
        return 0;
    was_there = o->is_there;
    empty(o);
    if (revision > o->revision)
        o->revision = revision;
    if (len)
        rc = read_into(o, json, len, err);
    return rc ? rc : was_there || len;
}

/* ---------------------------------------------------------------- look up */

static int entries_of(const struct pod_data *data, enum mf_kind_id kind,
                      const char *name, const struct data_entry **ret, size_t *ret_n)
{
    const struct data_object *o = find(data, kind, name);

    if (!o || !o->is_there)
        return -ENOENT;
    *ret = o->entries;
    *ret_n = o->n_entries;
    return 0;
}

int pod_data_config(const struct pod_data *data, const char *name,
                    const struct data_entry **ret, size_t *ret_n)
{
    return entries_of(data, MF_CONFIG_MAP, name, ret, ret_n);
}

int pod_data_secret(const struct pod_data *data, const char *name,
                    const struct data_entry **ret, size_t *ret_n)
{
    return entries_of(data, MF_SECRET, name, ret, ret_n);
}

const struct data_entry *data_entry_find(const struct data_entry *entries, size_t n,
                                         const char *key)
{
    return entry_of(entries, n, key);
}

static const void *object_of(const struct data_object *o)
{
    return o && o->is_there ? o->manifest.objects[0].object : NULL;
}

static const struct mf_claim *find_claim(const struct pod_data *data, const char *name)
{
    return object_of(find(data, MF_PERSISTENT_VOLUME_CLAIM, name));
}

static const struct mf_persistent_volume *find_volume(const struct pod_data *data,
                                                      const char *name)
{
    return object_of(find(data, MF_PERSISTENT_VOLUME, name));
}

static bool is_for(const struct data_object *o, const char *claim)
{
    const struct mf_persistent_volume *volume = object_of(o);

    return o->kind == MF_PERSISTENT_VOLUME && volume && volume->spec->claim &&
           volume->spec->claim->name && strcmp(volume->spec->claim->name, claim) == 0;
}

const struct mf_persistent_volume *pod_data_bound(const struct pod_data *data,
                                                  const char *claim)
{
    const struct mf_claim *own = find_claim(data, claim);

    if (own && own->spec->volume)
        return find_volume(data, own->spec->volume);
    for (size_t i = 0; i < data->n; i++)
        if (is_for(&data->objects[i], claim))
            return object_of(&data->objects[i]);
    return NULL;
}
