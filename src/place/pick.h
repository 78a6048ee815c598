/* SPDX-License-Identifier: Apache-2.0
 *
 * pick.h - how many nodes of each class a request takes, and with what tasks
 *
 * Candidates that are alike to the choice of nodes are one class, so what is
 * decided here does not depend on how many there are.
 */
#ifndef BERTH_PLACE_PICK_H
#define BERTH_PLACE_PICK_H

#include "place/want.h"

#define QUOTAS_MAX 32

struct pick_class {
    uint32_t n_cores, free;
    uint32_t capacity; /* tasks that such a node has room for */
    uint32_t quotas;   /* bit of each quota that it counts for */
    bool required;
};

#define CLASSES_MAX 4096u
#define NO_CLASS UINT16_MAX

/* Classes in the order in which nodes of them are taken. */
struct pick_order {
    uint32_t enough; /* more tasks than this on one node are no merit */
    uint16_t *classes;
    uint32_t n, room; /* of classes[]: those behind have not been sorted in yet */
};

struct picker {
    const struct place_want *want;
    const struct pick_class *classes; /* may grow between two choices */
    uint32_t n_classes;
    struct pick_order orders[4]; /* the last ones that were needed */
    uint32_t n_orders;
};

void picker_init(struct picker *picker, const struct place_want *want);
/* These are the classes now: those from before, and new ones behind them. */
void picker_use(struct picker *picker, const struct pick_class *classes, uint32_t n);
void picker_fini(struct picker *picker);

struct pick {
    uint32_t *take;   /* nodes of each class */
    uint32_t n_nodes; /* all of them */
    bool evenly;      /* tasks in equal numbers; otherwise as many as there is room, */
    uint16_t last;    /* but for the last node of this class, */
    uint32_t rest;    /* which gets these */
};
/* Room for CLASSES_MAX. */
void pick_init(struct pick *pick);
void pick_fini(struct pick *pick);

/* From avail[class] nodes: as few as hold the request, filled one after the other;
 * when more nodes are asked for than that, tasks in equal numbers. Nodes left
 * over fullest are preferred (with PLACE_SPREAD the emptiest), and nodes in use to
 * ones that would be split. false: they do not hold it. */
bool pick_choose(struct picker *picker, const uint32_t *avail, struct pick *ret);

/* A node of the choice, and its tasks. */
struct pick_node {
    uint32_t node, tasks;
    uint16_t class;
};
/* Deal out the tasks; the nodes are in the order of their indexes. */
void pick_deal(const struct picker *picker, const struct pick *pick,
               struct pick_node *nodes, uint32_t n);

/* Would the tasks leave a free node free in part? How many cores stay free? */
bool pick_is_split(const struct place_want *want, const struct pick_class *class,
                   uint32_t tasks);
uint32_t pick_leftover(const struct place_want *want, const struct pick_class *class,
                       uint32_t tasks);

#endif
