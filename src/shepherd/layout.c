/* SPDX-License-Identifier: Apache-2.0
 *
 * layout.c - which nodes, tasks and cores of an allocation a step gets
 *
 * Steps take whole cores, counted. What a step wants is worked out first, then its
 * nodes, its ranks and its cores: see layout_priv.h.
 */
#include "shepherd/layout_priv.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int share_init(struct share *share, const Berth__NodeShare *from,
                      struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *set = NULL;
    int rc = bitset_parse(from->cores, CORES_MAX, &set, err);

    if (rc) {
        (void)err_wrap(err, "cores of node %s", from->node);
        return -EBADMSG;
    }
    share->from = from;
    share->n_cores = (uint32_t)bitset_count(set);
    if (share->n_cores == 0)
        return err_set(err, EBADMSG, "node %s gives no cores", from->node);
    share->core_ids = xcalloc(share->n_cores, sizeof(*share->core_ids));
    share->users = xcalloc(share->n_cores, sizeof(*share->users));
    share->before = xcalloc(share->n_cores, sizeof(*share->before));
    for (size_t i = 0, core = bitset_next(set, 0); core < set->nbits;
         core = bitset_next(set, core + 1))
        share->core_ids[i++] = (uint32_t)core;
    return devices_list(share, err);
}

int layout_create(const Berth__Grant *grant, const Berth__JobSpec *spec,
                  struct layout **ret, struct err *err)
{
    struct layout *layout = xcalloc(1, sizeof(*layout));
    const Berth__Placement *placement = grant->placement;

    layout->job = spec;
    layout->n_shares = placement ? placement->n_shares : 0;
    layout->shares = xcalloc(layout->n_shares, sizeof(*layout->shares));
    for (size_t i = 0; i < layout->n_shares; i++) {
        int rc = share_init(&layout->shares[i], placement->shares[i], err);

        if (rc) {
            layout_destroy(layout);
            return rc;
        }
    }
    *ret = layout;
    return 0;
}

void layout_destroy(struct layout *layout)
{
    if (!layout)
        return;
    for (size_t i = 0; i < layout->n_shares; i++) {
        free(layout->shares[i].core_ids);
        free(layout->shares[i].users);
        free(layout->shares[i].before);
        devices_unlist(&layout->shares[i]);
    }
    free(layout->shares);
    free(layout);
}

/* ------------------------------------------------------------------ taking */

static void make_nodes(const struct layout *layout, const struct wish *wish,
                       Berth__LaunchStep *launch)
{
    launch->nodes = xcalloc(wish->n_nodes, sizeof(*launch->nodes));
    launch->n_nodes = wish->n_nodes;
    for (size_t i = 0; i < wish->n_nodes; i++) {
        const Berth__NodeShare *from = layout->shares[wish->nodes[i]].from;
        Berth__StepNode *node = xcalloc(1, sizeof(*node));

        berth__step_node__init(node);
        node->node = xstrdup(from->node);
        node->address = xstrdup(from->address);
        node->port = from->port;
        launch->nodes[i] = node;
    }
}

static void take_all(struct layout *layout, const struct wish *wish,
                     const Berth__StepSpec *spec, const uint32_t *counts,
                     bool as_placed, Berth__LaunchStep *launch)
{
    make_nodes(layout, wish, launch);
    ranks_deal(launch, counts, wish, spec);
    for (size_t i = 0; i < wish->n_nodes; i++) {
        struct share *share = &layout->shares[wish->nodes[i]];
        Berth__StepNode *node = launch->nodes[i];

        cores_take(share, wish, spec, as_placed, node);
        node->memory = memory_of(share, wish, (uint32_t)node->n_ranks);
        share->memory_used += node->memory;
    }
    devices_take(layout, wish, launch);
}

int layout_check(const struct layout *layout, const Berth__StepSpec *spec,
                 struct err *err)
{
    struct wish wish = {0};
    int rc = wish_make(layout, spec, &wish, err);

    if (!rc)
        rc = count_check(layout, &wish, err);
    wish_fini(&wish);
    return rc;
}

int layout_take(struct layout *layout, const Berth__StepSpec *spec, bool passes,
                Berth__LaunchStep *launch, struct err *err)
{
    struct wish wish = {0};
    cleanup(freep) uint32_t *counts = xcalloc(layout->n_shares, sizeof(*counts));
    bool as_placed;
    int rc = wish_make(layout, spec, &wish, err);

    if (!rc)
        rc = count_tasks(layout, spec, &wish, passes ? ROOM_PASSING : ROOM_NOW, counts,
                         &as_placed, err);
    if (!rc)
        take_all(layout, &wish, spec, counts, as_placed, launch);
    wish_fini(&wish);
    return rc;
}

static struct share *share_of(struct layout *layout, const char *node)
{
    for (size_t i = 0; i < layout->n_shares; i++)
        if (strcmp(layout->shares[i].from->node, node) == 0)
            return &layout->shares[i];
    return NULL;
}

void layout_give(struct layout *layout, const Berth__LaunchStep *launch)
{
    for (size_t i = 0; i < launch->n_nodes; i++) {
        const Berth__StepNode *node = launch->nodes[i];
        struct share *share = share_of(layout, node->node);

        if (!share)
            continue;
        cores_give(share, node);
        devices_give(share, node);
        share->memory_used -=
            node->memory < share->memory_used ? node->memory : share->memory_used;
    }
}

void layout_clear_nodes(Berth__LaunchStep *launch)
{
    for (size_t i = 0; i < launch->n_nodes; i++)
        berth__step_node__free_unpacked(launch->nodes[i], NULL);
    free(launch->nodes);
    launch->nodes = NULL;
    launch->n_nodes = 0;
}
