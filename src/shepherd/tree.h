/* SPDX-License-Identifier: Apache-2.0
 *
 * tree.h - arithmetic of a complete k-ary tree over 0..n-1
 *
 * Node i's parent is (i-1)/fanout; its children are fanout*i+1 and on.
 */
#ifndef BERTH_SHEPHERD_TREE_H
#define BERTH_SHEPHERD_TREE_H

#include <stdint.h>

static inline uint32_t tree_parent(uint32_t index, uint32_t fanout)
{
    return (index - 1) / fanout;
}

static inline uint32_t tree_first_child(uint32_t index, uint32_t fanout)
{
    return index * fanout + 1;
}

/* Number of children of 'index' among n nodes. */
static inline uint32_t tree_n_children(uint32_t index, uint32_t n, uint32_t fanout)
{
    uint64_t first = (uint64_t)index * fanout + 1;

    if (first >= n)
        return 0;
    return n - first < fanout ? (uint32_t)(n - first) : fanout;
}

/* Nodes in the subtree of 'index', itself included. */
static inline uint32_t tree_subtree_size(uint32_t index, uint32_t n, uint32_t fanout)
{
    uint64_t first = index, last = index;
    uint32_t size = 0;

    while (first < n) {
        size += (uint32_t)((last < n ? last : n - 1) - first + 1);
        first = first * fanout + 1;
        last = last * fanout + fanout;
    }
    return size;
}

/* Which child of 'index' leads to 'to', or UINT32_MAX when 'to' is not below. */
static inline uint32_t tree_child_towards(uint32_t index, uint32_t to, uint32_t fanout)
{
    while (to > index) {
        uint32_t parent = tree_parent(to, fanout);

        if (parent == index)
            return to;
        to = parent;
    }
    return UINT32_MAX;
}

#endif
