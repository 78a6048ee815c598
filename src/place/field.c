/* SPDX-License-Identifier: Apache-2.0
 *
 * field.c - all candidates of a request, in classes, counted by switch
 *
 * Nodes are met by make and number of free cores. Where cores are all that is
 * asked for, nodes met together are alike, and are counted without a look at
 * each.
 */
#include "place/field.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

uint32_t field_capacity(const struct place_cluster *cluster,
                        const struct place_want *want, uint32_t node)
{
    uint32_t n = place_want_on_node(want, cluster, node, false);
    return n >= want->per_node ? n : 0;
}

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
    if (f->n_classes == NO_CLASS - 1)
        return (uint16_t)(NO_CLASS - 2);
    if (f->n_classes == f->room) {
        f->room = f->room ? 2 * f->room : 16;
        f->classes = xrealloc(f->classes, f->room, sizeof(*f->classes));
    }
    f->classes[f->n_classes] = *class;
    return (uint16_t)f->n_classes++;
}

static void add_node(struct field *f, uint32_t node, uint16_t class)
{
    f->nodes[f->n_nodes++] = (struct pick_node){.node = node, .class = class};
    f->n_required += f->classes[class].required;
}

/* More tasks than the job has are no merit. */
static uint32_t clamp(const struct place_want *want, uint32_t capacity)
{
    return want->tasks && capacity > want->tasks ? want->tasks : capacity;
}

static void look_at(struct field *f, uint32_t node, struct pick_class class)
{
    const struct place_request *req = f->want.req;
    class.capacity = clamp(&f->want, field_capacity(f->cluster, &f->want, node));
    if (class.capacity == 0)
        return;
    class.required = req->required && bitset_test(req->required, node);
    class.quotas = quotas_of(req, node);
    add_node(f, node, class_number(f, &class));
}

static uint64_t word_of(const struct place_request *req, const struct bitset *bucket,
                        size_t i)
{
    uint64_t word = bucket->words[i];
    if (req->allowed)
        word &= req->allowed->words[i];
    if (req->excluded)
        word &= ~req->excluded->words[i];
    return word;
}

static void walk_bucket(struct field *f, const struct hardware *hw, uint32_t n_free)
{
    const struct place_request *req = f->want.req;
    const struct bitset *bucket = hw->bucket[n_free];
    struct pick_class class = {.n_cores = hw->n_cores, .free = n_free};
    bool alike = place_want_is_plain(&f->want) && !req->required && req->n_quotas == 0;
    uint16_t number = NO_CLASS;
    class.capacity = place_want_capacity(&f->want, n_free, UINT64_MAX);
    if (class.capacity < f->want.per_node || (req->exclusive && n_free < hw->n_cores))
        return;
    class.capacity = clamp(&f->want, class.capacity);
    for (size_t i = 0; i < (bucket->nbits + 63) / 64; i++) {
        for (uint64_t word = word_of(req, bucket, i); word; word &= word - 1) {
            uint32_t node = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(word);
            if (!alike) {
                look_at(f, node, class);
                continue;
            }
            if (number == NO_CLASS)
                number = class_number(f, &class);
            add_node(f, node, number);
        }
    }
}

static void count_homes(struct field *f)
{
    const struct switch_tree *tree = f->cluster->tree;
    size_t n_switches = switch_tree_n_switches(tree);
    f->home = xcalloc(n_switches * f->n_classes + 1, sizeof(*f->home));
    f->first = xmalloc(n_switches * sizeof(*f->first));
    memset(f->first, 0xff, n_switches * sizeof(*f->first));
    for (size_t i = 0; i < f->n_nodes; i++) {
        const struct pick_node *node = &f->nodes[i];
        uint32_t sw = switch_tree_switch_of(tree, node->node);
        f->home[(size_t)sw * f->n_classes + node->class]++;
        f->class_of[node->node] = node->class;
        if (node->node < f->first[sw])
            f->first[sw] = node->node;
    }
}

void field_init(struct field *f, struct place_cluster *cluster,
                const struct place_request *req)
{
    *f = (struct field){.cluster = cluster, .want = place_want_of(req)};
    f->nodes = xmalloc((cluster->n_nodes + 1) * sizeof(*f->nodes));
    f->class_of = xmalloc((cluster->n_nodes + 1) * sizeof(*f->class_of));
    memset(f->class_of, 0xff, cluster->n_nodes * sizeof(*f->class_of));
    for (size_t h = 0; h < cluster->n_hardware; h++) {
        const struct hardware *hw = &cluster->hardware[h];
        for (size_t n = bitset_next(hw->in_use, 1); n <= hw->n_cores;
             n = bitset_next(hw->in_use, n + 1))
            walk_bucket(f, hw, (uint32_t)n);
    }
    count_homes(f);
    /* Without a count of tasks, as many nodes as there are. */
    if (f->want.tasks == 0 && f->n_nodes >= f->want.nodes_min) {
        if (f->want.nodes_max > f->n_nodes)
            f->want.nodes_max = (uint32_t)f->n_nodes;
        f->want.nodes_min = f->want.nodes_max;
    }
}

void field_fini(struct field *f)
{
    free(f->classes);
    free(f->nodes);
    free(f->class_of);
    free(f->home);
    free(f->first);
}

/* ------------------------------------------------------------------ counting */

static void add_bucket(const struct place_request *req, const struct bitset *bucket,
                       struct bitset *ret)
{
    for (size_t i = 0; i < (bucket->nbits + 63) / 64; i++)
        ret->words[i] |= word_of(req, bucket, i);
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
    for (size_t i = plain ? ret->nbits : bitset_next(ret, 0); i < ret->nbits;
         i = bitset_next(ret, i + 1))
        if (field_capacity(cluster, &want, (uint32_t)i) == 0)
            bitset_clear(ret, i);
    return bitset_count(ret);
}
