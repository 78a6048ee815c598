/* SPDX-License-Identifier: Apache-2.0
 *
 * layout_claim.c - what is left alone for a step that waits
 *
 * Steps behind the oldest that waits may pass it where they take nothing that it
 * needs. Its nodes are chosen once, those that have most room then:
 *
 *     cores of a node   = those in use before (free for the claim one day)
 *                       + those of steps that passed + free ones
 *     may still pass      while  passed + new <= cores - claimed
 *
 * So it starts, at the latest, when all that ran before have ended: nobody who
 * came later can keep it from that. Of memory and devices, what passes has to find
 * room beside both the claim and all in use, which is stricter and simpler.
 */
#include "shepherd/layout_priv.h"

#include "base/mem.h"

#include <stdlib.h>

void layout_unclaim(struct layout *layout)
{
    for (size_t i = 0; i < layout->n_shares; i++) {
        layout->shares[i].claimed = 0;
        layout->shares[i].claimed_memory = 0;
        layout->shares[i].claims_devices = false;
    }
}

static void claim(struct share *share, const struct wish *wish, uint32_t tasks)
{
    uint64_t cores = (uint64_t)tasks * wish->cpus;

    share->claimed = cores < share->n_cores ? (uint32_t)cores : share->n_cores;
    share->claimed_memory = memory_of(share, wish, tasks);
    share->claims_devices = wish->n_devices > 0;
    for (uint32_t i = 0; i < share->n_cores; i++)
        share->before[i] = share->users[i] > 0;
}

void layout_claim(struct layout *layout, const Berth__StepSpec *spec)
{
    cleanup(freep) uint32_t *counts = xcalloc(layout->n_shares, sizeof(*counts));
    struct wish wish = {0};
    struct err err;

    layout_unclaim(layout);
    if (!wish_make(layout, spec, &wish, &err) &&
        count_when_empty(layout, &wish, counts))
        for (size_t i = 0; i < wish.n_nodes; i++)
            claim(&layout->shares[wish.nodes[i]], &wish, counts[i]);
    wish_fini(&wish);
}
