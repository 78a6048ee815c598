/* SPDX-License-Identifier: Apache-2.0
 *
 * kvs.c - keys, values, and which of them are news to other nodes
 */
#include "kvs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct entry {
    UT_hash_handle hh;
    char *value;
    char key[];
};

struct kvs {
    struct entry *entries;
    struct text fresh;
    size_t bytes;
};

struct kvs *kvs_create(void)
{
    struct kvs *kvs = calloc(1, sizeof(*kvs));

    if (!kvs)
        abort();
    return kvs;
}

static void entry_free(struct kvs *kvs, struct entry *entry)
{
    HASH_DEL(kvs->entries, entry);
    free(entry->value);
    free(entry);
}

void kvs_destroy(struct kvs *kvs)
{
    struct entry *entry, *next;

    if (!kvs)
        return;
    HASH_ITER(hh, kvs->entries, entry, next)
    entry_free(kvs, entry);
    text_fini(&kvs->fresh);
    free(kvs);
}

static struct entry *find(const struct kvs *kvs, const char *key)
{
    struct entry *entry;

    HASH_FIND_STR(kvs->entries, key, entry);
    return entry;
}

static struct entry *add(struct kvs *kvs, const char *key, size_t len)
{
    struct entry *entry = calloc(1, sizeof(*entry) + len + 1);

    if (!entry)
        abort();
    memcpy(entry->key, key, len);
    HASH_ADD_KEYPTR(hh, kvs->entries, entry->key, len, entry);
    kvs->bytes += len;
    return entry;
}

int kvs_put_known(struct kvs *kvs, const char *key, const char *value)
{
    size_t key_len = strlen(key), value_len = strlen(value);
    struct entry *entry = find(kvs, key);

    if (!key_len || key_len > KVS_KEY_MAX || value_len > KVS_VALUE_MAX)
        return -EINVAL;
    if (kvs->bytes + key_len + value_len > KVS_BYTES_MAX)
        return -ENOSPC;
    if (!entry)
        entry = add(kvs, key, key_len);
    if (entry->value)
        kvs->bytes -= strlen(entry->value);
    free(entry->value);
    entry->value = strdup(value);
    if (!entry->value)
        abort();
    kvs->bytes += value_len;
    return 0;
}

int kvs_put(struct kvs *kvs, const char *key, const char *value)
{
    int rc;

    /* The same pair put over and over would not add to 'bytes'. */
    if (kvs->fresh.len > KVS_BYTES_MAX)
        return -ENOSPC;
    rc = kvs_put_known(kvs, key, value);
    if (rc)
        return rc;
    text_add(&kvs->fresh, key, strlen(key) + 1);
    text_add(&kvs->fresh, value, strlen(value) + 1);
    return 0;
}

const char *kvs_get(const struct kvs *kvs, const char *key)
{
    const struct entry *entry = find(kvs, key);

    return entry ? entry->value : NULL;
}

void kvs_take_new(struct kvs *kvs, struct text *to)
{
    text_add(to, kvs->fresh.s, kvs->fresh.len);
    text_fini(&kvs->fresh);
}

int kvs_merge(struct kvs *kvs, const char *data, size_t len)
{
    const char *end = data + len;

    while (data < end) {
        const char *value = memchr(data, '\0', (size_t)(end - data));
        const char *stop;
        int rc;

        value = value ? value + 1 : end;
        stop = value < end ? memchr(value, '\0', (size_t)(end - value)) : NULL;
        if (!stop)
            return -EPROTO;
        rc = kvs_put_known(kvs, data, value);
        if (rc)
            return rc;
        data = stop + 1;
    }
    return 0;
}
