/* SPDX-License-Identifier: Apache-2.0
 *
 * cluster.c - all nodes and what is free on them
 */
#include "place/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "place/internal.h"
#include "place/memo.h"
#include "place/slice.h"

uint64_t place_node_free_memory(const struct place_node *node)
{
    return node->memory > node->held_memory ? node->memory - node->held_memory : 0;
}

/* Nodes come by index, so the words of a switch only grow to the right. */
static void add_to_home(struct cluster_home *home, uint32_t node)
{
    uint32_t word = node / 64;
    if (home->n_words == 0)
        home->first_word = word;
    while (home->first_word + home->n_words <= word) {
        home->mask = xrealloc(home->mask, home->n_words + 1, sizeof(*home->mask));
        home->mask[home->n_words++] = 0;
    }
    home->mask[word - home->first_word] |= UINT64_C(1) << node % 64;
}

static struct cluster_home *make_homes(const struct switch_tree *tree, size_t n_nodes)
{
    struct cluster_home *homes = xcalloc(switch_tree_n_switches(tree), sizeof(*homes));
    for (uint32_t i = 0; i < n_nodes; i++)
        add_to_home(&homes[switch_tree_switch_of(tree, i)], i);
    return homes;
}

struct place_cluster *place_cluster_create(const struct switch_tree *tree,
                                           const char *const *names, size_t n_nodes,
                                           bool numbers_only)
{
    struct place_cluster *c = xcalloc(1, sizeof(*c));
    c->tree = tree;
    c->n_nodes = n_nodes;
    c->homes = make_homes(tree, n_nodes);
    c->numbers_only = numbers_only;
    c->nodes = xcalloc(n_nodes + 1, sizeof(*c->nodes));
    c->hardware_of = xcalloc(n_nodes + 1, sizeof(*c->hardware_of));
    c->free_counts = xcalloc(n_nodes + 1, sizeof(*c->free_counts));
    c->free_memory = xcalloc(n_nodes + 1, sizeof(*c->free_memory));
    c->usable = bitset_create(n_nodes);
    c->sharing = bitset_create(n_nodes);
    for (size_t i = 0; i < n_nodes; i++)
        c->nodes[i].name = names[i];
    c->memo = memo_create();
    BUG_ON(place_cluster_kind(c, "gpu", NULL) != PLACE_KIND_GPU);
    return c;
}

static void node_fini(struct place_cluster *c, uint32_t i)
{
    bitset_destroyp(&c->nodes[i].free_cores);
    bitset_destroyp(&c->nodes[i].free_devices);
    free(take(c->nodes[i].slices));
    free(c->free_counts[i]);
    c->free_counts[i] = NULL;
}

void place_cluster_destroy(struct place_cluster *c)
{
    if (!c)
        return;
    for (uint32_t i = 0; i < c->n_nodes; i++)
        node_fini(c, i);
    for (size_t i = 0; i < c->n_hardware; i++)
        hardware_fini(&c->hardware[i]);
    for (size_t i = 0; i < c->n_kinds; i++)
        free(c->kind_names[i]);
    for (size_t i = 0; i < switch_tree_n_switches(c->tree); i++)
        free(c->homes[i].mask);
    free(c->homes);
    free(c->kind_names);
    free(c->hardware);
    free(c->nodes);
    free(c->hardware_of);
    free(c->free_counts);
    free(c->free_memory);
    bitset_destroy(c->usable);
    bitset_destroy(c->sharing);
    memo_destroy(c->memo);
    free(c);
}

static struct bitset *dup_set(const struct bitset *set)
{
    return set ? bitset_dup(set) : NULL;
}

struct place_cluster *place_cluster_dup(const struct place_cluster *from)
{
    struct place_cluster *c = xmemdup(from, sizeof(*from));
    size_t n = from->n_nodes + 1;
    c->nodes = xmemdup(from->nodes, n * sizeof(*from->nodes));
    c->hardware_of = xmemdup(from->hardware_of, n * sizeof(*from->hardware_of));
    c->free_counts = xcalloc(n, sizeof(*c->free_counts));
    c->free_memory = xmemdup(from->free_memory, n * sizeof(*from->free_memory));
    c->usable = bitset_dup(from->usable);
    c->sharing = bitset_dup(from->sharing);
    c->memo = memo_create();
    c->homes = make_homes(c->tree, c->n_nodes);
    c->hardware = xcalloc(from->n_hardware + 1, sizeof(*c->hardware));
    for (size_t i = 0; i < c->n_hardware; i++)
        c->hardware[i] = hardware_dup(&from->hardware[i]);
    c->kind_names = xcalloc(from->n_kinds, sizeof(*c->kind_names));
    for (size_t i = 0; i < c->n_kinds; i++)
        c->kind_names[i] = xstrdup(from->kind_names[i]);
    for (uint32_t i = 0; i < c->n_nodes; i++) {
        const struct hardware *hw = &c->hardware[c->hardware_of[i]];
        c->nodes[i].free_cores = dup_set(from->nodes[i].free_cores);
        c->nodes[i].free_devices = dup_set(from->nodes[i].free_devices);
        if (from->nodes[i].slices)
            c->nodes[i].slices =
                xmemdup(from->nodes[i].slices,
                        c->nodes[i].n_cores * sizeof(*c->nodes[i].slices));
        if (from->free_counts[i])
            c->free_counts[i] =
                xmemdup(from->free_counts[i], hw->n_kinds * sizeof(*c->free_counts[i]));
    }
    return c;
}

/* ------------------------------------------------------------------- kinds */

uint32_t place_cluster_kind(struct place_cluster *c, const char *name, const char *type)
{
    cleanup(freep) char *full =
        type && *type ? xasprintf("%s:%s", name, type) : xstrdup(name);
    for (size_t i = 0; i < c->n_kinds; i++)
        if (strcmp(c->kind_names[i], full) == 0)
            return (uint32_t)i;
    c->kind_names = xrealloc(c->kind_names, c->n_kinds + 1, sizeof(*c->kind_names));
    c->kind_names[c->n_kinds] = take(full);
    return (uint32_t)c->n_kinds++;
}

size_t place_cluster_n_kinds(const struct place_cluster *c)
{
    return c->n_kinds;
}

const char *place_cluster_kind_name(const struct place_cluster *c, uint32_t kind)
{
    return c->kind_names[kind];
}

void place_cluster_count(const struct place_cluster *c, uint32_t node,
                         const struct bitset *devices, uint16_t *ret)
{
    const struct node_topo *topo = c->nodes[node].topo;
    for (uint32_t d = 0; topo && d < topo->n_devices; d++) {
        const uint16_t *kinds = cluster_hardware(c, node)->device_kinds[d];
        if (devices && !bitset_test(devices, d))
            continue;
        for (int k = 0; k < 2; k++)
            if (kinds[k] != NO_KIND)
                ret[kinds[k]]++;
    }
}

/* ----------------------------------------------------------------- hardware */

static uint32_t find_hardware(struct place_cluster *c, const struct node_topo *topo,
                              uint32_t n_cores)
{
    size_t at = c->n_hardware;
    for (size_t i = c->n_hardware; i-- > 0;) {
        if (c->hardware[i].topo == topo && c->hardware[i].n_cores == n_cores)
            return (uint32_t)i;
        if (c->hardware[i].n_nodes == 0)
            at = i;
    }
    if (at == c->n_hardware)
        c->hardware = xrealloc(c->hardware, ++c->n_hardware, sizeof(*c->hardware));
    else
        hardware_fini(&c->hardware[at]);
    memo_clear(c->memo);
    hardware_init(&c->hardware[at], c, topo, n_cores);
    return (uint32_t)at;
}

/* ------------------------------------------------------------------- changes */

static bool is_listed(const struct place_node *node)
{
    return node->usable && node->known;
}

/* Only usable nodes are listed. Every change of n_free stands between the two. */
static void unlist(struct place_cluster *c, uint32_t i)
{
    struct place_node *node = &c->nodes[i];
    if (!is_listed(node))
        return;
    hardware_leave(&c->hardware[c->hardware_of[i]], i, node->n_free);
    bitset_clear(c->usable, i);
}

static void list(struct place_cluster *c, uint32_t i)
{
    struct place_node *node = &c->nodes[i];
    if (!is_listed(node))
        return;
    hardware_enter(&c->hardware[c->hardware_of[i]], c->n_nodes, i, node->n_free);
    bitset_set(c->usable, i);
    c->free_memory[i] = place_node_free_memory(node);
}

static struct bitset *full_set(size_t n)
{
    struct bitset *set = bitset_create(n);
    bitset_set_range(set, 0, n);
    return set;
}

static struct bitset *all_gres(const struct node_topo *topo)
{
    struct bitset *set = NULL;
    for (uint32_t d = 0; topo && d < topo->n_devices; d++) {
        if (!topo->devices[d].is_gres)
            continue;
        if (!set)
            set = bitset_create(topo->n_devices);
        bitset_set(set, d);
    }
    return set;
}

static void forget_node(struct place_cluster *c, uint32_t i)
{
    struct place_node *node = &c->nodes[i];
    unlist(c, i);
    if (node->known)
        c->hardware[c->hardware_of[i]].n_nodes--;
    node_fini(c, i);
    bitset_clear(c->sharing, i);
    *node = (struct place_node){.name = node->name, .usable = node->usable};
}

static void know_node(struct place_cluster *c, uint32_t i, const struct node_topo *topo,
                      uint32_t n_cores, uint64_t memory)
{
    struct place_node *node = &c->nodes[i];
    forget_node(c, i);
    c->hardware_of[i] = find_hardware(c, topo, n_cores);
    struct hardware *hw = &c->hardware[c->hardware_of[i]];
    hw->n_nodes++;
    node->topo = topo;
    node->n_cores = node->n_free = n_cores;
    node->memory = memory;
    node->known = true;
    if (topo && !c->numbers_only)
        node->free_cores = full_set(n_cores);
    node->free_devices = all_gres(topo);
    if (hw->n_kinds > 0)
        c->free_counts[i] = xmemdup(hw->totals, hw->n_kinds * sizeof(*hw->totals));
    list(c, i);
}

void place_cluster_set(struct place_cluster *c, uint32_t node,
                       const struct node_topo *topo, uint64_t memory)
{
    if (topo)
        know_node(c, node, topo, topo->n_cores, memory);
    else
        forget_node(c, node);
}

void place_cluster_set_flat(struct place_cluster *c, uint32_t node, uint32_t n_cores,
                            uint64_t memory)
{
    know_node(c, node, NULL, n_cores, memory);
}

void place_cluster_up(struct place_cluster *c, uint32_t node, bool up)
{
    unlist(c, node);
    c->nodes[node].usable = up;
    list(c, node);
}

/* ------------------------------------------------------- taking and releasing */

static void change_number(struct place_node *node, uint32_t n, bool is_free)
{
    uint32_t used = node->n_cores - node->n_free;
    if (is_free)
        node->n_free += n < used ? n : used;
    else
        node->n_free -= n < node->n_free ? n : node->n_free;
}

static void change_set(struct place_node *node, const struct bitset *cores,
                       bool is_free)
{
    struct bitset *set = node->free_cores;
    size_t n = cores->nbits < set->nbits ? cores->nbits : set->nbits;
    for (size_t i = 0; i < (n + 63) / 64; i++) {
        uint64_t mask = cores->words[i];
        if (i * 64 + 64 > n && n % 64)
            mask &= (UINT64_C(1) << n % 64) - 1;
        mask &= is_free ? ~set->words[i] : set->words[i];
        set->words[i] ^= mask;
        uint32_t changed = (uint32_t)__builtin_popcountll(mask);
        node->n_free = is_free ? node->n_free + changed : node->n_free - changed;
    }
}

static void change_whole(struct place_node *node, const struct place_share *share,
                         bool is_free)
{
    if (!node->free_cores || !share->cores) {
        change_number(node, place_share_cores(share), is_free);
        return;
    }
    cleanup(bitset_destroyp) struct bitset *whole = NULL;
    if (share->milli) {
        whole = bitset_dup(share->cores);
        bitset_clear(whole, share->shared);
    }
    change_set(node, whole ? whole : share->cores, is_free);
}

static void change_cores(struct place_cluster *c, uint32_t i,
                         const struct place_share *share, bool is_free)
{
    struct place_node *node = &c->nodes[i];
    change_whole(node, share, is_free);
    if (!share->milli || !node->free_cores || share->shared >= node->n_cores)
        return;
    slices_change(node, share->shared, share->milli, is_free);
    if (node->n_shared)
        bitset_set(c->sharing, i);
    else
        bitset_clear(c->sharing, i);
}

static void count_kinds(uint16_t *counts, const struct hardware *hw, uint32_t device,
                        int by)
{
    for (uint32_t k = 0; k < hw->n_kinds; k++)
        if (hardware_is_kind(hw, device, hw->kinds[k]))
            counts[k] = (uint16_t)(counts[k] + by);
}

static void change_devices(struct place_cluster *c, uint32_t i,
                           const struct bitset *devices, bool is_free)
{
    struct place_node *node = &c->nodes[i];
    if (!devices || !node->free_devices)
        return;
    const struct hardware *hw = cluster_hardware(c, i);
    for (size_t d = bitset_next(devices, 0);
         d < devices->nbits && d < node->topo->n_devices;
         d = bitset_next(devices, d + 1)) {
        if (bitset_test(node->free_devices, d) == is_free ||
            !node->topo->devices[d].is_gres)
            continue;
        if (is_free)
            bitset_set(node->free_devices, d);
        else
            bitset_clear(node->free_devices, d);
        count_kinds(c->free_counts[i], hw, (uint32_t)d, is_free ? 1 : -1);
    }
}

void place_cluster_take(struct place_cluster *c, const struct place_share *share)
{
    struct place_node *node = &c->nodes[share->node];
    unlist(c, share->node);
    node->held_memory += share->memory;
    change_cores(c, share->node, share, false);
    list(c, share->node);
    change_devices(c, share->node, share->devices, false);
}

void place_cluster_release(struct place_cluster *c, const struct place_share *share)
{
    struct place_node *node = &c->nodes[share->node];
    unlist(c, share->node);
    node->held_memory -=
        share->memory < node->held_memory ? share->memory : node->held_memory;
    change_cores(c, share->node, share, true);
    list(c, share->node);
    change_devices(c, share->node, share->devices, true);
}

/* ------------------------------------------------------------------- questions */

const struct switch_tree *place_cluster_tree(const struct place_cluster *c)
{
    return c->tree;
}

const struct place_node *place_cluster_node(const struct place_cluster *c,
                                            uint32_t node)
{
    return &c->nodes[node];
}

const struct bitset *place_cluster_usable(const struct place_cluster *c)
{
    return c->usable;
}

static void check_counts(const struct place_cluster *c, uint32_t i)
{
    const struct place_node *node = &c->nodes[i];
    const struct hardware *hw = cluster_hardware(c, i);
    for (uint32_t k = 0; k < hw->n_kinds; k++) {
        uint32_t n = 0;
        for (uint32_t d = 0; d < node->topo->n_devices; d++)
            n += bitset_test(node->free_devices, d) &&
                 hardware_is_kind(hw, d, hw->kinds[k]);
        BUG_ON(n != c->free_counts[i][k]);
    }
}

void place_cluster_check(const struct place_cluster *c)
{
    uint32_t listed = 0;
    for (uint32_t i = 0; i < c->n_nodes; i++) {
        const struct place_node *node = &c->nodes[i];
        BUG_ON(bitset_test(c->usable, i) != is_listed(node));
        BUG_ON(node->free_cores && bitset_count(node->free_cores) != node->n_free);
        BUG_ON(bitset_test(c->sharing, i) != (node->n_shared > 0));
        slices_check(node);
        if (node->known)
            check_counts(c, i);
        if (!is_listed(node))
            continue;
        listed++;
        BUG_ON(c->free_memory[i] != place_node_free_memory(node));
        BUG_ON(!bitset_test(cluster_hardware(c, i)->bucket[node->n_free], i));
    }
    for (size_t h = 0; h < c->n_hardware; h++)
        for (uint32_t n = 0; n <= c->hardware[h].n_cores; n++)
            listed -= c->hardware[h].bucket_size[n];
    BUG_ON(listed != 0);
}
