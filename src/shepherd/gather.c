/* SPDX-License-Identifier: Apache-2.0
 *
 * gather.c - collect what nodes of several steps contribute
 */
#include "shepherd/gather.h"

#include "base/mem.h"
#include "base/strbuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct gather {
    struct gather *next;
    uint8_t id[GATHER_ID_BYTES];
    struct gather_part *parts; /* by step and index */
    size_t n_parts, n_in;
    struct strbuf data;
};

struct gathers {
    struct gather_actions actions;
    struct gather *open; /* oldest first */
    uint64_t serial;
};

struct gathers *gathers_create(const struct gather_actions *actions)
{
    struct gathers *gathers = xcalloc(1, sizeof(*gathers));

    gathers->actions = *actions;
    return gathers;
}

static void gather_free(struct gather *gather)
{
    strbuf_fini(&gather->data);
    free(gather->parts);
    free(gather);
}

void gathers_destroy(struct gathers *gathers)
{
    struct gather *next;

    if (!gathers)
        return;
    for (struct gather *gather = gathers->open; gather; gather = next) {
        next = gather->next;
        gather_free(gather);
    }
    free(gathers);
}

static int by_place(const void *a, const void *b)
{
    const struct gather_part *x = a, *y = b;

    if (x->step != y->step)
        return x->step < y->step ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static struct gather_part *part_of(struct gather *gather, const struct gather_part *own)
{
    return bsearch(own, gather->parts, gather->n_parts, sizeof(*own), by_place);
}

/* The oldest one of this id that still lacks 'own'. */
static struct gather *find(struct gathers *gathers, const uint8_t *id,
                           const struct gather_part *own, struct gather_part **ret_part)
{
    for (struct gather *gather = gathers->open; gather; gather = gather->next) {
        if (memcmp(gather->id, id, GATHER_ID_BYTES) != 0)
            continue;
        *ret_part = part_of(gather, own);
        if (*ret_part && !(*ret_part)->is_in)
            return gather;
    }
    return NULL;
}

static struct gather *gather_create(struct gathers *gathers, const uint8_t *id,
                                    const struct gather_part *parts, size_t n_parts)
{
    struct gather *gather = xcalloc(1, sizeof(*gather)), **slot = &gathers->open;

    memcpy(gather->id, id, GATHER_ID_BYTES);
    gather->parts = xmemdup(parts, n_parts * sizeof(*parts));
    gather->n_parts = n_parts;
    for (size_t i = 0; i < n_parts; i++)
        gather->parts[i].is_in = false;
    qsort(gather->parts, n_parts, sizeof(*parts), by_place);
    while (*slot)
        slot = &(*slot)->next;
    *slot = gather;
    return gather;
}

static void finish(struct gathers *gathers, struct gather *gather, int status)
{
    struct gather **slot = &gathers->open;

    while (*slot != gather)
        slot = &(*slot)->next;
    *slot = gather->next;
    gathers->actions.done(gathers->actions.ctx, gather->parts, gather->n_parts, status,
                          ++gathers->serial, gather->data.s, gather->data.len);
    gather_free(gather);
}

int gathers_enter(struct gathers *gathers, const uint8_t id[GATHER_ID_BYTES],
                  const struct gather_part *own, const struct gather_part *parts,
                  size_t n_parts, const void *data, size_t len)
{
    struct gather_part *part;
    struct gather *gather = find(gathers, id, own, &part);

    if (!gather) {
        gather = n_parts ? gather_create(gathers, id, parts, n_parts) : NULL;
        part = gather ? part_of(gather, own) : NULL;
    }
    if (!gather)
        return -EINVAL;
    if (!part) {
        finish(gathers, gather, EINVAL);
        return -EINVAL;
    }
    part->is_in = true;
    part->cookie = own->cookie;
    strbuf_add(&gather->data, data, len);
    if (++gather->n_in == gather->n_parts)
        finish(gathers, gather, 0);
    return 0;
}

static bool waits_for(const struct gather *gather, uint32_t step)
{
    for (size_t i = 0; i < gather->n_parts; i++)
        if (gather->parts[i].step == step && !gather->parts[i].is_in)
            return true;
    return false;
}

void gathers_step_ended(struct gathers *gathers, uint32_t step)
{
    struct gather *next;

    for (struct gather *gather = gathers->open; gather; gather = next) {
        next = gather->next;
        if (waits_for(gather, step))
            finish(gathers, gather, ECONNRESET);
    }
}
