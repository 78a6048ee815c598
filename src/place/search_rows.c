/* SPDX-License-Identifier: Apache-2.0
 *
 * search_rows.c - nodes whose indexes follow each other
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "place/search.h"

struct rows {
    struct field *field;
    struct picker *picker;
    struct offers *offers;
    struct pick pick;
    uint32_t *avail;
    uint16_t *class_of; /* by node */
    size_t n_required;
};

static bool is_candidate(const struct rows *r, size_t node)
{
    return node < r->field->cluster->n_nodes && r->class_of[node] != NO_CLASS;
}

/* Do 'n' nodes from 'first' on hold all of it, and all required nodes? */
static bool holds(struct rows *r, uint32_t first, uint32_t n)
{
    size_t required = 0;
    memset(r->avail, 0, r->field->n_classes * sizeof(*r->avail));
    for (uint32_t i = first; i < first + n; i++) {
        r->avail[r->class_of[i]]++;
        required += r->field->classes[r->class_of[i]].required;
    }
    if (required != r->n_required)
        return false;
    if (!pick_choose(r->picker, r->avail, &r->pick))
        return false;
    return r->pick.n_nodes == n;
}

static void add_row(struct rows *r, uint32_t first, uint32_t n)
{
    struct pick_node *nodes = xcalloc(n, sizeof(*nodes));
    for (uint32_t i = 0; i < n; i++)
        nodes[i] =
            (struct pick_node){.node = first + i, .class = r->class_of[first + i]};
    pick_deal(r->picker, &r->pick, nodes, n);
    offers_add(r->offers, r->field->classes, nodes, n);
}

static bool starts_switch(const struct rows *r, uint32_t node)
{
    const struct switch_tree *tree = r->field->cluster->tree;
    return switch_tree_switch_of(tree, node) != switch_tree_switch_of(tree, node - 1);
}

/* Windows of 'n' nodes in the candidates from 'first' to 'end': those at either
 * end, and those that start with a switch or end with one. */
static void try_run(struct rows *r, uint32_t first, uint32_t end, uint32_t n)
{
    for (uint32_t at = first; at + n <= end; at++) {
        bool edge = at == first || at + n == end || starts_switch(r, at) ||
                    starts_switch(r, at + n);
        if ((edge || r->n_required > 0 || r->picker->want->req->n_quotas > 0) &&
            holds(r, at, n))
            add_row(r, at, n);
    }
}

static void try_length(struct rows *r, uint32_t n)
{
    size_t n_nodes = r->field->cluster->n_nodes;
    for (size_t first = 0; first < n_nodes; first++) {
        size_t end = first;
        while (is_candidate(r, end))
            end++;
        if (end - first >= n)
            try_run(r, (uint32_t)first, (uint32_t)end, n);
        first = end;
    }
}

void search_rows(struct field *field, struct picker *picker, struct offers *offers)
{
    size_t n_nodes = field->cluster->n_nodes;
    cleanup(freep) uint16_t *class_of = xcalloc(n_nodes + 1, sizeof(*class_of));
    uint32_t n_candidates = 0, most = field->want.nodes_max;
    struct rows r = {
        .field = field, .picker = picker, .offers = offers, .class_of = class_of};
    for (uint32_t i = 0; i < n_nodes; i++) {
        class_of[i] = field_class(field, i);
        n_candidates += class_of[i] != NO_CLASS;
    }
    if (field->want.req->required)
        r.n_required = bitset_count(field->want.req->required);
    picker_use(picker, field->classes, field->n_classes);
    cleanup(freep) uint32_t *avail = xcalloc(field->n_classes + 1, sizeof(*avail));
    r.avail = avail;
    pick_init(&r.pick);
    most = most < n_candidates ? most : n_candidates;
    for (uint32_t n = field->want.nodes_min; n <= most && offers->n == 0; n++)
        try_length(&r, n);
    pick_fini(&r.pick);
}
