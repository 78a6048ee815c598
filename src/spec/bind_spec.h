/* SPDX-License-Identifier: Apache-2.0
 *
 * bind_spec.h - what tasks are bound to: --cpu-bind, --mem-bind, --gpu-bind
 *
 *     [quiet|verbose,]none|rank|map_cpu:0,1,8*4|mask_cpu:0x3,0xc|rank_ldom|...
 *
 * Words may be shortened as srun(1) has it (q, v, no, socket), and stand in any
 * order; the last kind counts. A list goes on while its items are numbers.
 */
#ifndef BERTH_SPEC_BIND_SPEC_H
#define BERTH_SPEC_BIND_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bitset.h"
#include "base/err.h"

#define BIND_BITS 8192      /* processors, or other things, that a mask can name */
#define BIND_ITEMS_MAX 8192 /* of a list, with its repeats */

enum bind_kind {
    BIND_TO_OWN, /* nothing was said: a task's own cores; memory and GPUs as they come
                  */
    BIND_TO_NONE,
    BIND_TO_RANK,
    BIND_TO_MAP,  /* one of a list each: processors, memory, GPUs */
    BIND_TO_MASK, /* several each */
    BIND_TO_THREADS,
    BIND_TO_CORES,
    BIND_TO_L3,
    BIND_TO_LDOMS, /* NUMA nodes */
    BIND_TO_SOCKETS,
    BIND_TO_BOARDS,
    BIND_TO_RANK_LDOM,
    BIND_TO_MAP_LDOM,
    BIND_TO_MASK_LDOM,
    BIND_TO_LOCAL,    /* memory: of the NUMA nodes that the task's cores are in */
    BIND_TO_CLOSEST,  /* GPUs: near the task's cores */
    BIND_TO_SINGLE,   /* GPUs: one, shared by 'count' tasks */
    BIND_TO_PER_TASK, /* GPUs: 'count' for each task */
};

struct bind_spec {
    enum bind_kind kind;
    bool is_verbose;
    bool prefers;          /* memory: elsewhere is better than not at all */
    uint32_t count;        /* of SINGLE, PER_TASK */
    struct bitset **items; /* of MAP, MASK: BIND_BITS bits each */
    size_t n_items;
};

/* "" binds to a task's own. -EINVAL with words that name what is near. */
int cpu_bind_parse(const char *text, struct bind_spec *ret, struct err *err);
int mem_bind_parse(const char *text, struct bind_spec *ret, struct err *err);
int gpu_bind_parse(const char *text, struct bind_spec *ret, struct err *err);
void bind_spec_fini(struct bind_spec *spec);

/* "0x1f": the bits of 'set', as srun(1) prints them; the caller frees it. */
char *bind_mask_format(const struct bitset *set);

#endif
