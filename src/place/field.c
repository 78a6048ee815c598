/* SPDX-License-Identifier: Apache-2.0
 *
 * field.c - the candidates of a request, in classes, counted by switch as needed
 *
 * A search often ends at the first switches, so nothing is counted before it is
 * asked for. Where cores are all that is asked for, nodes of one make with the
 * same number of free cores are alike, and are counted by the word.
 */
#include "place/field.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "place/slice.h"

static uint32_t quotas_of(const struct place_request *req, uint32_t node)
{
    uint32_t bits = 0;
    for (uint32_t q = 0; q < req->n_quotas && q < QUOTAS_MAX; q++)
        bits |= bitset_test(req->quotas[q].nodes, node) ? 1u << q : 0;
    return bits;
}

static bool are_equal(const struct pick_class *a, const struct pick_class *b)
{
    return a->capacity == b->capacity && a->free == b->free &&
           a->n_cores == b->n_cores && a->required == b->required &&
           a->quotas == b->quotas;
}

/* Classes met last are met again most often. */
static uint16_t class_number(struct field *f, const struct pick_class *class)
{
    for (uint32_t k = f->n_classes; k-- > 0;)
        if (are_equal(&f->classes[k], class))
            return (uint16_t)k;
    if (f->n_classes == CLASSES_MAX)
        return CLASSES_MAX - 1;
    if (f->n_classes == f->room) {
        f->room = f->room ? 2 * f->room : 16;
        f->classes = xrealloc(f->classes, f->room, sizeof(*f->classes));
    }
    f->classes[f->n_classes] = *class;
    return (uint16_t)f->n_classes++;
}

/* More tasks than the job has are no merit. */
static uint32_t clamp(const struct place_want *want, uint32_t capacity)
{
    return want->tasks && capacity > want->tasks ? want->tasks : capacity;
}

static uint32_t count_buckets(const struct place_cluster *cluster)
{
    size_t n = 0;
    for (size_t h = 0; h < cluster->n_hardware; h++)
        n += bitset_count(cluster->hardware[h].in_use);
    return (uint32_t)n;
}

static void add_buckets(struct field *f, const struct hardware *hw)
{
    size_t n = f->want.req->exclusive ? hw->n_cores : 1;
    for (n = bitset_next(hw->in_use, n); n <= hw->n_cores;
         n = bitset_next(hw->in_use, n + 1)) {
        uint32_t n_free = (uint32_t)n;
        struct pick_class class = {.n_cores = hw->n_cores, .free = n_free};
        class.capacity = place_want_capacity(&f->want, n_free, UINT64_MAX);
        if (class.capacity < f->want.per_node)
            continue;
        class.capacity = clamp(&f->want, class.capacity);
        f->buckets[f->n_buckets++] = (struct field_bucket){
            .hw = hw,
            .nodes = hw->bucket[n],
            .n_free = n_free,
            .memory = place_want_memory(&f->want, class.capacity, n_free),
            .class = class_number(f, &class)};
    }
}

/* Without a count of tasks, as many nodes as there are. */
static void narrow_range(struct field *f)
{
    if (f->want.tasks > 0 || f->want.nodes_max <= f->want.nodes_min)
        return;
    uint64_t room;
    uint32_t n = field_total(f, &room);
    if (n < f->want.nodes_min)
        return;
    if (f->want.nodes_max > n)
        f->want.nodes_max = n;
    f->want.nodes_min = f->want.nodes_max;
}

void field_init(struct field *f, struct place_cluster *cluster,
                const struct place_request *req)
{
    *f = (struct field){.cluster = cluster, .want = place_want_of(req)};
    bool same = !req->required && req->n_quotas == 0;
    f->alike = same && place_want_is_plain(&f->want);
    f->alike_but_memory = same && !place_want_has_devices(&f->want);
    f->buckets = xcalloc(count_buckets(cluster) + 1, sizeof(*f->buckets));
    for (size_t h = 0; h < cluster->n_hardware; h++)
        add_buckets(f, &cluster->hardware[h]);
    f->homes = xcalloc(switch_tree_n_switches(cluster->tree), sizeof(*f->homes));
    narrow_range(f);
}

void field_fini(struct field *f)
{
    free(f->classes);
    free(f->buckets);
    free(f->homes);
    free(f->counts);
}

/* ------------------------------------------------------------------- counting */

static uint16_t class_in_bucket(struct field *f, const struct field_bucket *bucket,
                                uint32_t node)
{
    const struct place_request *req = f->want.req;
    if (f->alike ||
        (f->alike_but_memory && f->cluster->free_memory[node] >= bucket->memory))
        return bucket->class;
    uint32_t capacity = place_want_on_node(&f->want, f->cluster, node, false);
    if (capacity == 0 || capacity < f->want.per_node)
        return NO_CLASS;
    struct pick_class class = f->classes[bucket->class];
    uint32_t plain = class.capacity;
    class.capacity = clamp(&f->want, capacity);
    class.required = req->required && bitset_test(req->required, node);
    class.quotas = quotas_of(req, node);
    if (class.capacity == plain && !class.required && class.quotas == 0)
        return bucket->class;
    return class_number(f, &class);
}

static void count(struct field *f, struct field_home *home, uint16_t class, uint32_t n)
{
    home->n += n;
    home->has_required |= f->classes[class].required;
    for (uint32_t i = home->n_counts; i-- > 0;) {
        if (f->counts[home->first_count + i].class != class)
            continue;
        f->counts[home->first_count + i].n += n;
        return;
    }
    if (f->n_counts == f->counts_room) {
        f->counts_room = f->counts_room ? 2 * f->counts_room : 64;
        f->counts = xrealloc(f->counts, f->counts_room, sizeof(*f->counts));
    }
    f->counts[f->n_counts++] = (struct field_count){.class = class, .n = n};
    home->n_counts++;
}

static void count_word(struct field *f, const struct field_bucket *bucket,
                       struct field_home *home, size_t at, uint64_t word)
{
    uint32_t lowest = (uint32_t)(at * 64) + (uint32_t)__builtin_ctzll(word);
    if (f->alike) {
        count(f, home, bucket->class, (uint32_t)__builtin_popcountll(word));
        home->first = lowest < home->first ? lowest : home->first;
        return;
    }
    for (; word; word &= word - 1) {
        uint32_t node = (uint32_t)(at * 64) + (uint32_t)__builtin_ctzll(word);
        uint16_t class = class_in_bucket(f, bucket, node);
        if (class == NO_CLASS)
            continue;
        count(f, home, class, 1);
        home->first = node < home->first ? node : home->first;
    }
}

static uint64_t allowed_word(const struct place_request *req, size_t i)
{
    uint64_t word = req->allowed ? req->allowed->words[i] : UINT64_MAX;
    return req->excluded ? word & ~req->excluded->words[i] : word;
}

const struct field_home *field_home(struct field *f, uint32_t sw)
{
    struct field_home *home = &f->homes[sw];
    const struct cluster_home *place = &f->cluster->homes[sw];
    if (home->counted)
        return home;
    *home = (struct field_home){
        .counted = true, .first_count = f->n_counts, .first = UINT32_MAX};
    for (uint32_t i = 0; i < place->n_words; i++) {
        size_t at = place->first_word + i;
        uint64_t mask = place->mask[i] & allowed_word(f->want.req, at);
        for (uint32_t b = 0; mask && b < f->n_buckets; b++) {
            uint64_t word = f->buckets[b].nodes->words[at] & mask;
            if (word)
                count_word(f, &f->buckets[b], home, at, word);
        }
    }
    return home;
}

static const struct field_bucket *bucket_of(const struct field *f, uint32_t node)
{
    for (uint32_t b = 0; b < f->n_buckets; b++)
        if (bitset_test(f->buckets[b].nodes, node))
            return &f->buckets[b];
    return NULL;
}

uint16_t field_class(struct field *f, uint32_t node)
{
    if (!bitset_test(f->cluster->usable, node) || !place_want_may_use(&f->want, node))
        return NO_CLASS;
    const struct field_bucket *bucket = bucket_of(f, node);
    return bucket ? class_in_bucket(f, bucket, node) : NO_CLASS;
}

uint32_t field_total(struct field *f, uint64_t *ret_room)
{
    size_t n_switches = switch_tree_n_switches(f->cluster->tree);
    uint32_t n = 0;
    *ret_room = 0;
    for (uint32_t sw = 0; sw < n_switches; sw++) {
        const struct field_home *home = field_home(f, sw);
        n += home->n;
        for (uint32_t i = 0; i < home->n_counts; i++) {
            const struct field_count *c = &field_counts(f, home)[i];
            *ret_room += (uint64_t)c->n * f->classes[c->class].capacity;
        }
    }
    return n;
}

/* ------------------------------------------------------------------ candidates */

static void add_bucket(const struct place_request *req, const struct bitset *bucket,
                       struct bitset *ret)
{
    for (size_t i = 0; i < (bucket->nbits + 63) / 64; i++)
        ret->words[i] |= bucket->words[i] & allowed_word(req, i);
}

/* Those that lack memory or devices for the least that a node gets. */
static void drop_short(const struct place_cluster *cluster,
                       const struct place_want *want, struct bitset *set)
{
    uint64_t memory = place_want_memory(want, want->per_node, UINT32_MAX);
    bool has_devices = place_want_has_devices(want);
    for (size_t i = bitset_next(set, 0); i < set->nbits; i = bitset_next(set, i + 1)) {
        bool holds = cluster->free_memory[i] >= memory;
        if (holds && has_devices) {
            uint32_t n = place_want_on_node(want, cluster, (uint32_t)i, false);
            holds = n > 0 && n >= want->per_node;
        }
        if (!holds)
            set->words[i / 64] &= ~(UINT64_C(1) << i % 64);
    }
}

size_t place_candidates(const struct place_cluster *cluster,
                        const struct place_request *req, struct bitset *ret)
{
    struct place_want want = place_want_of(req);
    bool plain = place_want_is_plain(&want);
    memset(ret->words, 0, (ret->nbits + 63) / 64 * sizeof(*ret->words));
    for (size_t h = 0; h < cluster->n_hardware; h++) {
        const struct hardware *hw = &cluster->hardware[h];
        size_t n = req->exclusive ? hw->n_cores : 1;
        for (n = bitset_next(hw->in_use, n); n <= hw->n_cores;
             n = bitset_next(hw->in_use, n + 1))
            if (place_want_capacity(&want, (uint32_t)n, UINT64_MAX) >= want.per_node)
                add_bucket(req, hw->bucket[n], ret);
    }
    if (!plain)
        drop_short(cluster, &want, ret);
    if (slice_is_asked(cluster, req))
        slice_candidates(cluster, &want, ret);
    return bitset_count(ret);
}
