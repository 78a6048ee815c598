/* SPDX-License-Identifier: Apache-2.0
 *
 * assoc.c - the table's beginning and end, and what is small
 */
#include "assoc/assoc.h"

#include <string.h>

#include "assoc/internal.h"
#include "base/mem.h"

const struct assoc_options assoc_options_default = {
    .form = FAIR_TREE,
    .half_life = 7 * 86400,
    .weight = {[TRES_CORES] = 1},
};

static void create_root(struct assoc *assoc)
{
    assoc->nodes = xcalloc(1, sizeof *assoc->nodes);
    assoc->nodes[ASSOC_ROOT] = (struct node){
        .in_use = true,
        .implicit = true,
        .account = xstrdup("root"),
        .parent = ASSOC_NONE,
        .first_child = ASSOC_NONE,
        .next_sibling = ASSOC_NONE,
        .shares = 1,
        .default_qos = ASSOC_NONE,
        .meter.since = usage_w(assoc, assoc->now),
    };
    assoc->n_nodes = assoc->n_accounts = 1;
    struct node_name *name = xcalloc(1, sizeof *name);
    name->key = xstrdup("root//");
    name->index = ASSOC_ROOT;
    HASH_ADD_KEYPTR(hh, assoc->names, name->key, strlen(name->key), name);
}

struct assoc *assoc_create(const struct assoc_options *options, int64_t now)
{
    struct assoc *assoc = xcalloc(1, sizeof *assoc);
    struct qos normal = {.name = "normal", .usage_factor = 1};

    assoc->options = *options;
    assoc->now = assoc->origin = now;
    assoc->dirty = true;
    create_root(assoc);
    assoc_qos_set(assoc, &normal, NULL, NULL);
    return assoc;
}

static void destroy_names(struct assoc *assoc)
{
    struct node_name *name, *next_name;
    struct part_name *part, *next_part;
    struct user *user, *next_user;

    HASH_ITER(hh, assoc->names, name, next_name)
    {
        HASH_DEL(assoc->names, name);
        free(name->key);
        free(name);
    }
    HASH_ITER(hh, assoc->part_names, part, next_part)
    {
        HASH_DEL(assoc->part_names, part);
        free(part);
    }
    HASH_ITER(hh, assoc->users, user, next_user)
    {
        HASH_DEL(assoc->users, user);
        free(user->name);
        free(user);
    }
}

void assoc_destroy(struct assoc *assoc)
{
    if (!assoc)
        return;
    destroy_names(assoc);
    for (uint32_t i = 0; i < assoc->n_nodes; i++) {
        free(assoc->nodes[i].account);
        free(assoc->nodes[i].user);
        free(assoc->nodes[i].partition);
        free(assoc->nodes[i].qos);
    }
    for (uint32_t i = 0; i < assoc->n_qos; i++)
        free(assoc->qos[i].qos.preempts);
    free(assoc->nodes);
    free(assoc->user_of);
    free(assoc->qos);
    free(assoc->parts);
    free(assoc->unsaved);
    free(assoc);
}

uint32_t assoc_part(struct assoc *assoc, uint32_t qos, bool is_account, uint32_t no)
{
    struct part_key key = {qos, is_account, no};
    struct part_name *part;

    HASH_FIND(hh, assoc->part_names, &key, sizeof key, part);
    if (part)
        return part->index;
    part = xcalloc(1, sizeof *part);
    part->key = key;
    part->index = assoc->n_parts++;
    HASH_ADD(hh, assoc->part_names, key, sizeof key, part);
    assoc->parts = xrealloc(assoc->parts, assoc->n_parts, sizeof *assoc->parts);
    assoc->parts[part->index] = (struct tally){0};
    return part->index;
}

static void check_node(const struct assoc *assoc, uint32_t index)
{
    const struct node *node = &assoc->nodes[index];
    struct tally sum = {0};

    BUG_ON(node->tally.jobs != node->meter.runs);
    if (node->user)
        return;
    for (uint32_t i = node->first_child; i != ASSOC_NONE;
         i = assoc->nodes[i].next_sibling) {
        BUG_ON(!assoc->nodes[i].in_use || assoc->nodes[i].parent != index);
        tally_join(&sum, &assoc->nodes[i].tally);
    }
    BUG_ON(memcmp(&sum, &node->tally, sizeof sum) != 0);
}

/* Totals are sums of products: close to the leaves' sum, not equal to the bit. */
static void check_usage(const struct assoc *assoc, uint32_t index)
{
    const struct node *node = &assoc->nodes[index];
    double at = usage_w(assoc, assoc->now), sum[USED_N];
    struct meter own = node->meter;

    meter_touch(&own, at);
    memcpy(sum, own.settled, sizeof sum);
    for (uint32_t i = node->first_child; i != ASSOC_NONE;
         i = assoc->nodes[i].next_sibling) {
        struct meter child = assoc->nodes[i].meter;

        meter_touch(&child, at);
        for (int k = 0; k < USED_N; k++)
            sum[k] += child.total[k];
    }
    for (int k = 0; k < USED_N; k++) {
        double off = own.total[k] - sum[k];
        double room = 1e-6 * (1 + own.total[k]) + 1e-9 * at;
        BUG_ON(off > room || off < -room);
    }
}

void assoc_check_invariants(const struct assoc *assoc)
{
    for (uint32_t i = 0; i < assoc->n_nodes; i++) {
        if (!assoc->nodes[i].in_use)
            continue;
        check_node(assoc, i);
        if (!assoc->nodes[i].user)
            check_usage(assoc, i);
    }
}
