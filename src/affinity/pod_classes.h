/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_classes.h - which pods run where, and whom a pod wants beside it or not
 *
 * Pods with the same labels, namespace and wishes are one class, known by a number.
 * The scheduler tells of each that starts and ends, and asks right before one is
 * placed; so pods that start within one pass count for each other.
 */
#ifndef BERTH_AFFINITY_POD_CLASSES_H
#define BERTH_AFFINITY_POD_CLASSES_H

#include "affinity/node_labels.h"

struct pod_classes;

/* 'labels' are borrowed, and do not change any more. */
struct pod_classes *pod_classes_create(const struct node_labels *labels);
void pod_classes_destroy(struct pod_classes *classes);

/* The class of such a pod, from 1 on, kept once more. It is known as long as somebody
 * keeps it. */
uint32_t pod_classes_find(struct pod_classes *classes, const Berth__PodPlace *place);
/* It is kept once more (1), or once less (-1): not before the last one that runs has
 * ended. The number of one that nobody keeps may be given to another. */
void pod_classes_keep(struct pod_classes *classes, uint32_t class, int by);
/* Does it ask for, or against, other pods beside it in any case? What is only a wish
 * is not looked at. */
bool pod_class_depends(const struct pod_classes *classes, uint32_t class);

/* One of them begins to run on the node (1), or does not run there any more (-1). */
void pod_classes_moved(struct pod_classes *classes, uint32_t class, uint32_t node,
                       int by);
/* Take nodes out of 'nodes' where one of the class may not begin now. 'may_use' are
 * all nodes where it might ever run: their domains are those that spread is over. */
void pod_classes_narrow(struct pod_classes *classes, uint32_t class,
                        const struct bitset *may_use, struct bitset *nodes);

/* How much less one of the class would like to begin on each of 'nodes' than on the
 * best of them, by wishes for or against other pods: the sum of weights over pods that
 * are meant, as in Kubernetes also by wishes of those that run; and up to 100 where
 * ScheduleAnyway finds the most of those that should be spread. Costs of other nodes
 * stay. False: all are alike, and no cost is set. */
bool pod_classes_like(struct pod_classes *classes, uint32_t class,
                      const struct bitset *nodes, uint32_t *ret_costs);
/* What is known now. */
struct pod_class_counts {
    size_t classes, numbers;
    size_t crowds; /* of classes that no selection tells apart */
    size_t named;  /* labels of pods that selections name */
    size_t domains;
};
struct pod_class_counts pod_classes_counts(const struct pod_classes *classes);

#endif
