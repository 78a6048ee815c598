/* SPDX-License-Identifier: Apache-2.0
 *
 * score.c - what a placement costs, in parts
 */
#include "place/score.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "place/fit.h"

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void place_score_switches(const struct switch_tree *tree, const uint32_t *nodes,
                          size_t n_nodes, struct place_parts *parts)
{
    parts->nodes = (uint32_t)n_nodes;
    parts->switches = 1;
    parts->levels = 0;
    if (n_nodes == 1)
        return;
    cleanup(freep) uint32_t *switches = xmalloc(n_nodes * sizeof(*switches));
    for (size_t i = 0; i < n_nodes; i++)
        switches[i] = switch_tree_switch_of(tree, nodes[i]);
    qsort(switches, n_nodes, sizeof(*switches), ascending);
    for (size_t i = 1; i < n_nodes; i++)
        parts->switches += switches[i] != switches[i - 1];
    parts->levels = switch_tree_span(tree, nodes, n_nodes);
}

double place_score_nodes(const struct place_parts *parts,
                         const struct place_weights *weights)
{
    return weights->switch_levels * (parts->levels + parts->switches - 1) +
           weights->fragmentation * parts->split;
}

double place_score(const struct place_parts *parts, const struct place_weights *weights)
{
    return place_score_nodes(parts, weights) + fit_cost(parts, weights) +
           weights->image * parts->away + parts->disliked;
}

static void add_count(struct strbuf *text, uint32_t n, const char *one,
                      const char *many)
{
    strbuf_printf(text, "%u %s", n, n == 1 ? one : many);
}

char *place_words(const struct place_parts *parts)
{
    struct strbuf text = STRBUF_INIT;
    add_count(&text, parts->switches, "switch (", "switches (");
    add_count(&text, parts->levels, "level up), ", "levels up), ");
    add_count(&text, parts->nodes, "node, ", "nodes, ");
    strbuf_printf(&text, "%u split; past need: ", parts->split);
    add_count(&text, parts->packages, "package, ", "packages, ");
    add_count(&text, parts->numa, "NUMA node, ", "NUMA nodes, ");
    strbuf_printf(&text, "%u L3", parts->l3);
    if (parts->devices > 0) {
        strbuf_puts(&text, "; ");
        add_count(&text, parts->devices, "step to devices", "steps to devices");
    }
    if (parts->memory > 0) {
        strbuf_puts(&text, "; memory of ");
        add_count(&text, parts->memory, "other NUMA node", "other NUMA nodes");
    }
    if (parts->away > 0) {
        strbuf_puts(&text, "; ");
        add_count(&text, parts->away, "node without its image",
                  "nodes without its image");
    }
    if (parts->disliked > 0)
        strbuf_printf(&text, "; %g for nodes that are liked less", parts->disliked);
    return strbuf_take(&text);
}
