/* SPDX-License-Identifier: Apache-2.0
 *
 * internal.h - classes of pods, shared by the files that judge them
 *
 *     pod_crowds.c   which there are, how long, and how many of each run where
 *     pod_classes.c  where one of them may begin
 *     pod_liking.c   where it would rather begin
 *
 * Pods of different Jobs differ in labels that no selection names. A crowd is all of
 * them that no selection tells apart: those are what is looked at, however many
 * classes there are.
 */
#ifndef BERTH_AFFINITY_INTERNAL_H
#define BERTH_AFFINITY_INTERNAL_H

#include <uthash.h>

#include "affinity/pod_classes.h"

/* How many run on a node. */
struct node_count {
    uint32_t node, n;
};
/* By node, those without any left out. */
struct tally {
    struct node_count *at;
    size_t n, cap;
};

struct crowd {
    Berth__PodPlace *place; /* namespace, and labels that some selection names */
    uint8_t *key;           /* the same, packed */
    size_t key_len;
    struct tally tally;
    uint32_t n_running;
    size_t n_classes;
    UT_hash_handle hh;
};

struct pod_class {
    uint32_t number;
    uint32_t n_kept;
    Berth__PodPlace *place;
    uint8_t *key; /* the same, packed */
    size_t key_len;
    struct crowd *crowd;
    struct tally tally;
    uint32_t n_running;
    bool depends, keeps_away;
    bool likes, has_soft_spread;   /* wishes: other pods beside it or away; to spread */
    struct pod_class *prev, *next; /* among those that others have to ask */
    UT_hash_handle hh;
};

/* A label that selections name. */
struct named_key {
    char *key;
    size_t n;    /* conditions that do */
    bool is_new; /* crowds do not tell it apart yet */
    UT_hash_handle hh;
};

/* Nodes by the value of a label. */
struct domains {
    char *key;
    uint32_t *of; /* by node */
    uint32_t n;   /* numbers are below */
};

struct pod_classes {
    const struct node_labels *labels;
    struct pod_class **numbered; /* by number - 1; NULL: free */
    uint32_t *free_numbers;
    uint32_t n_numbers, n_free;
    struct pod_class *classes; /* by key */
    struct pod_class *asked;   /* that keep others away, or like some: a list */
    struct crowd *crowds;      /* by key */
    struct named_key *named;
    struct domains *domains; /* of labels that nodes have */
    size_t n_domains;
    struct domains nowhere; /* of all others */
    uint32_t n_keep_away;   /* pods that run and want some others away */
    uint32_t n_like;        /* that run and would like some beside them, or away */
};

const struct pod_class *pod_class_of(const struct pod_classes *pc, uint32_t number);

/* Whether a relation of 'by', who says which namespaces it means, or means its own,
 * is to 'pod'. */
bool class_is_meant(const Berth__PodPlace *by, const Berth__PodRelation *relation,
                    const Berth__PodPlace *pod);
/* Valid until the next call. */
const struct domains *class_domains(struct pod_classes *pc, const char *key);
/* Pods by domain, added to 'counts'. */
void tally_add_to(const struct tally *tally, const struct domains *domains,
                  uint32_t *counts);
/* Those of the namespace of 'pod' that the spread is about, by domain: so too. */
void spread_add_to(const struct pod_classes *pc, const Berth__PodPlace *pod,
                   const Berth__PodSpread *spread, const struct domains *domains,
                   uint32_t *counts);

#endif
