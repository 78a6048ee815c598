/* SPDX-License-Identifier: Apache-2.0
 *
 * layout_devices.c - which of the job's devices a step gets
 *
 * A step that asks for none shares all that the job has. One that asks gets those
 * that no other step has asked for, and sees no others.
 */
#include "shepherd/layout_priv.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "spec/gres_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- the job's */

/* "gpu:a100"; a grant of an older controller names no kinds: then it is a GPU. */
static void set_kind(struct held_device *device, const char *kind)
{
    const char *colon = strchr(kind, ':');

    device->name = colon ? xstrndup(kind, (size_t)(colon - kind))
                         : xstrdup(kind[0] ? kind : "gpu");
    device->type = colon ? xstrdup(colon + 1) : NULL;
}

int devices_list(struct share *share, struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *set = NULL;
    const Berth__NodeShare *from = share->from;

    if (!from->devices[0])
        return 0;
    if (bitset_parse(from->devices, DEVICES_MAX, &set, err)) {
        (void)err_wrap(err, "devices of node %s", from->node);
        return -EBADMSG;
    }
    share->devices = xcalloc(bitset_count(set), sizeof(*share->devices));
    for (size_t i = bitset_next(set, 0); i < set->nbits; i = bitset_next(set, i + 1)) {
        struct held_device *device = &share->devices[share->n_devices];

        device->index = (uint32_t)i;
        set_kind(device, share->n_devices < from->n_device_kinds
                             ? from->device_kinds[share->n_devices]
                             : "");
        share->n_devices++;
    }
    return 0;
}

void devices_unlist(struct share *share)
{
    for (size_t i = 0; i < share->n_devices; i++) {
        free(share->devices[i].name);
        free(share->devices[i].type);
    }
    free(share->devices);
}

/* ---------------------------------------------------------------- the step's */

static void add_wishes(struct wish *wish, const struct gres_spec *spec, int per,
                       const char *option)
{
    wish->devices =
        xrealloc(wish->devices, wish->n_devices + spec->n, sizeof(*wish->devices));
    for (size_t i = 0; i < spec->n; i++)
        wish->devices[wish->n_devices++] = (struct device_wish){
            .per = per,
            .option = option,
            .name = xstrdup(spec->items[i].name),
            .type = spec->items[i].type ? xstrdup(spec->items[i].type) : NULL,
            .count = spec->items[i].count,
        };
}

int devices_wish(const Berth__StepSpec *spec, struct wish *wish, struct err *err)
{
    const struct {
        const char *text, *option;
        int per;
    } texts[] = {
        {spec->gres, "gres", DEVICES_OF_NODE},
        {spec->gpus_per_node, "gpus-per-node", DEVICES_OF_NODE},
        {spec->gpus_per_task, "gpus-per-task", DEVICES_OF_TASK},
        {spec->gpus, "gpus", DEVICES_OF_STEP},
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        cleanup(gres_spec_fini) struct gres_spec read = {0};
        int rc;

        if (!texts[i].text[0])
            continue;
        rc = i == 0 ? gres_spec_parse(texts[i].text, &read, err)
                    : gres_spec_parse_gpus(texts[i].text, &read, err);
        if (rc)
            return err_wrap(err, "--%s", texts[i].option);
        add_wishes(wish, &read, texts[i].per, texts[i].option);
    }
    return 0;
}

static bool is_of(const struct held_device *device, const struct device_wish *wish)
{
    return strcmp(device->name, wish->name) == 0 &&
           (!wish->type || (device->type && strcmp(device->type, wish->type) == 0));
}

/* What of them nobody has. A step that waits for devices has its claim on all that
 * are free on its nodes. */
static uint64_t free_devices(const struct share *share, const struct wish *wish,
                             const struct device_wish *asks, enum room_of of)
{
    uint64_t n = 0;

    if (of == ROOM_PASSING && share->claims_devices && !wish->overlaps)
        return 0;
    for (size_t i = 0; i < share->n_devices; i++)
        n += is_of(&share->devices[i], asks) &&
             (of == ROOM_EMPTY || wish->overlaps || !share->devices[i].users);
    return n;
}

uint32_t devices_room(const struct share *share, const struct wish *wish,
                      enum room_of of, uint32_t limit)
{
    for (size_t i = 0; i < wish->n_devices; i++) {
        const struct device_wish *asks = &wish->devices[i];
        uint64_t n = free_devices(share, wish, asks, of);

        if (asks->per == DEVICES_OF_NODE && n < asks->count)
            return 0;
        if (asks->per == DEVICES_OF_TASK && n / asks->count < limit)
            limit = (uint32_t)(n / asks->count);
    }
    return limit;
}

bool devices_fit(const struct layout *layout, const struct wish *wish, enum room_of of)
{
    for (size_t i = 0; i < wish->n_devices; i++) {
        const struct device_wish *asks = &wish->devices[i];
        uint64_t n = 0;

        for (size_t s = 0; s < wish->n_nodes; s++)
            n += free_devices(&layout->shares[wish->nodes[s]], wish, asks, of);
        if (asks->per == DEVICES_OF_STEP && n < asks->count)
            return false;
    }
    return true;
}

const struct device_wish *devices_too_many(const struct layout *layout,
                                           const struct wish *wish)
{
    for (size_t i = 0; i < wish->n_devices; i++) {
        const struct device_wish *asks = &wish->devices[i];
        uint64_t most = 0, sum = 0;

        for (size_t s = 0; s < wish->n_candidates; s++) {
            const struct share *share = &layout->shares[wish->nodes[s]];
            uint64_t n = free_devices(share, wish, asks, ROOM_EMPTY);

            most = n > most ? n : most;
            sum += asks->per == DEVICES_OF_TASK ? n / asks->count : n;
        }
        if ((asks->per == DEVICES_OF_NODE && most < asks->count) ||
            (asks->per == DEVICES_OF_TASK && sum < wish->tasks) ||
            (asks->per == DEVICES_OF_STEP && sum < asks->count))
            return asks;
    }
    return NULL;
}

/* ------------------------------------------------------------------ choosing */

/* What one node of the step gets. */
struct choice {
    struct share *share;
    const struct wish *wish;
    bool *is_chosen; /* of share->devices */
};

/* The next one of that kind: least used, in order. NULL: none is left. */
static struct held_device *next_device(const struct choice *choice,
                                       const struct device_wish *asks)
{
    struct held_device *best = NULL;

    for (size_t i = 0; i < choice->share->n_devices; i++) {
        struct held_device *device = &choice->share->devices[i];

        if (choice->is_chosen[i] || !is_of(device, asks))
            continue;
        if (!best || device->users < best->users)
            best = device;
    }
    if (best && best->users && !choice->wish->overlaps)
        return NULL;
    return best;
}

/* Take 'n' of a kind, and name them in 'names'. */
static void choose(struct choice *choice, const struct device_wish *asks, uint64_t n,
                   struct strbuf *names)
{
    struct held_device *device;

    for (; n && (device = next_device(choice, asks)); n--) {
        choice->is_chosen[device - choice->share->devices] = true;
        strbuf_printf(names, "%s%u", names->len ? "," : "", device->index);
    }
}

static void choose_for_tasks(struct choice *choice, Berth__StepNode *node)
{
    struct strbuf *texts = xcalloc(node->n_ranks, sizeof(*texts));
    bool any = false;

    for (size_t i = 0; i < choice->wish->n_devices; i++) {
        const struct device_wish *asks = &choice->wish->devices[i];

        for (size_t t = 0; asks->per == DEVICES_OF_TASK && t < node->n_ranks; t++) {
            choose(choice, asks, asks->count, &texts[t]);
            any = true;
        }
    }
    if (any) {
        node->n_task_devices = node->n_ranks;
        node->task_devices = xcalloc(node->n_ranks, sizeof(*node->task_devices));
    }
    for (size_t t = 0; t < node->n_ranks; t++) {
        if (any)
            node->task_devices[t] = xstrdup(texts[t].s ? texts[t].s : "");
        strbuf_fini(&texts[t]);
    }
    free(texts);
}

/* Of those for the whole step: each node's even part of what is still to be had, and
 * what later nodes cannot give. */
static uint64_t part_of(const struct layout *layout, const struct wish *wish,
                        const struct device_wish *asks, size_t node, uint64_t left)
{
    uint64_t later = 0,
             even = (left + wish->n_nodes - node - 1) / (wish->n_nodes - node);

    for (size_t s = node + 1; s < wish->n_nodes; s++)
        later += free_devices(&layout->shares[wish->nodes[s]], wish, asks, ROOM_NOW);
    return left > later && left - later > even ? left - later : even;
}

static void write_chosen(const struct choice *choice, Berth__StepNode *node)
{
    cleanup(bitset_destroyp) struct bitset *set = bitset_create(DEVICES_MAX);

    for (size_t i = 0; i < choice->share->n_devices; i++) {
        if (!choice->is_chosen[i])
            continue;
        choice->share->devices[i].users++;
        bitset_set(set, choice->share->devices[i].index);
    }
    node->has_devices = true;
    node->devices = bitset_format(set);
}

/* 'left' is what of each wish for the whole step is still to be had. */
static void take_on_node(struct layout *layout, const struct wish *wish, size_t i,
                         uint64_t *left, Berth__StepNode *node)
{
    struct share *share = &layout->shares[wish->nodes[i]];
    cleanup(freep) bool *chosen = xcalloc(share->n_devices + 1, sizeof(*chosen));
    struct choice choice = {share, wish, chosen};

    choose_for_tasks(&choice, node);
    for (size_t w = 0; w < wish->n_devices; w++) {
        const struct device_wish *asks = &wish->devices[w];
        struct strbuf names = STRBUF_INIT;
        uint64_t n = asks->count, before = 0, after = 0;

        if (asks->per == DEVICES_OF_TASK)
            continue;
        if (asks->per == DEVICES_OF_STEP)
            n = part_of(layout, wish, asks, i, left[w]);
        for (size_t d = 0; d < share->n_devices; d++)
            before += chosen[d];
        choose(&choice, asks, n, &names);
        for (size_t d = 0; d < share->n_devices; d++)
            after += chosen[d];
        left[w] -= after - before < left[w] ? after - before : left[w];
        strbuf_fini(&names);
    }
    write_chosen(&choice, node);
}

void devices_take(struct layout *layout, const struct wish *wish,
                  Berth__LaunchStep *launch)
{
    cleanup(freep) uint64_t *left = xcalloc(wish->n_devices + 1, sizeof(*left));

    for (size_t w = 0; w < wish->n_devices; w++)
        left[w] = wish->devices[w].count;
    for (size_t i = 0; wish->n_devices && i < launch->n_nodes; i++)
        take_on_node(layout, wish, i, left, launch->nodes[i]);
}

void devices_give(struct share *share, const Berth__StepNode *node)
{
    cleanup(bitset_destroyp) struct bitset *set = NULL;

    if (!node->has_devices || bitset_parse(node->devices, DEVICES_MAX, &set, NULL))
        return;
    for (size_t i = 0; i < share->n_devices; i++)
        if (bitset_test(set, share->devices[i].index) && share->devices[i].users)
            share->devices[i].users--;
}
