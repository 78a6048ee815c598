/* SPDX-License-Identifier: Apache-2.0
 *
 * bag.h - steps that run the commands of a bag (doc/design/21-bags.md)
 *
 *     bag_lead.c  in the lead: from the client's window to nodes, and back
 *     bag_node.c  in a node's shepherd: from the tree to the dispatcher in its box
 */
#ifndef BERTH_SHEPHERD_BAG_H
#define BERTH_SHEPHERD_BAG_H

#include <stdbool.h>

#include "base/err.h"
#include "wire/messages.pb-c.h"

struct bag;
struct bag_node;
struct lead;
struct run;
struct step;

/* -------------------------------------------------------------- bag_lead.c */
/* What a bag's step is, where its client did not say: a slot on all cores, no MPI. */
void bag_settle(const struct lead *lead, Berth__StepSpec *spec);
/* It has its nodes. */
struct bag *bag_create(struct run *run);
void bag_destroy(struct bag *bag);
/* The root of its tree is there. */
void bag_begin(struct bag *bag);
void bag_from_client(struct bag *bag, const Berth__BagWork *work);
/* BagReport and BagLost from the tree. */
void bag_from_root(struct bag *bag, const Berth__Envelope *env);
/* The root is lost, and so is the whole tree. True: the run has to be launched anew
 * on the nodes that it has now. */
bool bag_goes_on(struct bag *bag, const char *why);
/* Its tasks get a signal, or are killed. */
void bag_signalled(struct bag *bag, int signo, bool kill);
/* Its step ends: 0, or the exit code that says that not all of it was done, and words
 * (heap; NULL: none). */
int bag_end(const struct bag *bag, char **ret_words);
/* How many commands have ended for good, and how many of these failed. */
void bag_counts(const struct bag *bag, uint32_t *ret_ended, uint32_t *ret_failed);

/* -------------------------------------------------------------- bag_node.c */
/* Start the dispatcher with the environment 'env' as task 0 of this node. */
int bag_node_start(struct step *step, char *const *env, struct err *err);
/* For the dispatcher of this node, or of one below it. */
void bag_node_work(struct step *step, Berth__Envelope *env);
/* Stop and resume reading from the dispatcher: the way up is full. */
void bag_node_pause(struct bag_node *node, bool paused);
/* A child is lost: its commands go elsewhere, and the step goes on. */
void bag_node_lost_child(struct step *step, uint32_t index, const char *words);

#endif
