/* SPDX-License-Identifier: Apache-2.0
 *
 * memo.c - what was chosen on a node in the same state for the same shape
 *
 * The key is all that fit_find looks at, as a row of words: the make of the node,
 * the shape and its demands, free cores, free devices.
 */
#include "place/memo.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "place/internal.h"

#define SLOTS 4096u
#define HEAD_WORDS 8

struct entry {
    uint64_t hash;
    uint64_t *key; /* NULL: an empty slot */
    size_t n_words;
    struct fit fit;
    bool holds;
};

struct memo {
    struct entry at[SLOTS];
    struct place_weights weights; /* all entries are for these */
    uint64_t *key;                /* of the question at hand */
    size_t n_words, room;
};

struct memo *memo_create(void)
{
    return xcalloc(1, sizeof(struct memo));
}

static void entry_fini(struct entry *entry)
{
    if (!entry->key)
        return;
    free(entry->key);
    fit_fini(&entry->fit);
    *entry = (struct entry){0};
}

void memo_clear(struct memo *memo)
{
    for (size_t i = 0; i < SLOTS; i++)
        entry_fini(&memo->at[i]);
}

void memo_destroy(struct memo *memo)
{
    memo_clear(memo);
    free(memo->key);
    free(memo);
}

static size_t words_of(const struct bitset *set)
{
    return set ? (set->nbits + 63) / 64 : 0;
}

static void make_key(struct memo *memo, const struct place_cluster *c, uint32_t i,
                     const struct fit_shape *shape)
{
    const struct place_node *node = &c->nodes[i];
    size_t n_cores = words_of(node->free_cores), n_devices = 0;
    if (shape->n_demands > 0)
        n_devices = words_of(node->free_devices);
    memo->n_words = HEAD_WORDS + shape->n_demands + n_cores + n_devices;
    if (memo->n_words > memo->room) {
        memo->room = 2 * memo->n_words;
        memo->key = xrealloc(memo->key, memo->room, sizeof(*memo->key));
    }
    uint64_t *at = memo->key;
    *at++ = (uint64_t)c->hardware_of[i] << 32 | shape->tasks;
    *at++ = (uint64_t)shape->per_core << 32 | shape->cores;
    *at++ = (uint64_t)shape->n_cores << 32 | shape->per_package;
    *at++ = shape->memory_nodes;
    *at++ = (uint64_t)shape->plane << 32 | shape->n_demands;
    *at++ = shape->policy;
    *at++ = shape->order;
    *at++ = shape->whole;
    for (uint32_t d = 0; d < shape->n_demands; d++)
        *at++ = (uint64_t)shape->demands[d].kind << 32 |
                (uint64_t)shape->demands[d].count << 1 | shape->demands[d].by_task;
    memcpy(at, node->free_cores->words, n_cores * sizeof(*at));
    if (n_devices > 0)
        memcpy(at + n_cores, node->free_devices->words, n_devices * sizeof(*at));
}

static uint64_t hash_key(const struct memo *memo)
{
    uint64_t hash = memo->n_words;
    for (size_t i = 0; i < memo->n_words; i++) {
        hash = (hash ^ memo->key[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

static bool is_of(const struct entry *entry, const struct memo *memo, uint64_t hash)
{
    return entry->key && entry->hash == hash && entry->n_words == memo->n_words &&
           memcmp(entry->key, memo->key, memo->n_words * sizeof(*memo->key)) == 0;
}

static void use_weights(struct memo *memo, const struct place_weights *weights)
{
    if (memcmp(&memo->weights, weights, sizeof(*weights)) == 0)
        return;
    memo_clear(memo);
    memo->weights = *weights;
}

const struct fit *memo_find(struct place_cluster *c, uint32_t i,
                            const struct fit_shape *shape,
                            const struct place_weights *weights)
{
    struct memo *memo = c->memo;
    use_weights(memo, weights);
    make_key(memo, c, i, shape);
    uint64_t hash = hash_key(memo);
    struct entry *entry = &memo->at[hash % SLOTS];
    if (!is_of(entry, memo, hash)) {
        struct fit_place place = {.hw = cluster_hardware(c, i),
                                  .free_cores = c->nodes[i].free_cores,
                                  .free_devices = c->nodes[i].free_devices,
                                  .weights = weights};
        entry_fini(entry);
        entry->hash = hash;
        entry->n_words = memo->n_words;
        entry->key = xmemdup(memo->key, memo->n_words * sizeof(*memo->key));
        entry->holds = fit_find(&place, shape, &entry->fit) == 0;
    }
    return entry->holds ? &entry->fit : NULL;
}
