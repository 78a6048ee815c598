/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_crowds.c - which classes of pods there are, and how many of each run where
 */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "affinity/internal.h"
#include "base/mem.h"
#include "wire/pack.h"

/* ------------------------------------------------------------------ counts */

/* The first place that is not before the node. */
static size_t place_of(const struct tally *tally, uint32_t node)
{
    size_t from = 0, to = tally->n;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (tally->at[middle].node < node)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static void tally_add(struct tally *tally, uint32_t node, uint32_t by)
{
    size_t i = place_of(tally, node), behind;

    if (i == tally->n || tally->at[i].node != node) {
        if (tally->n == tally->cap) {
            tally->cap = tally->cap ? 2 * tally->cap : 4;
            tally->at = xrealloc(tally->at, tally->cap, sizeof(*tally->at));
        }
        behind = tally->n++ - i;
        memmove(&tally->at[i + 1], &tally->at[i], behind * sizeof(*tally->at));
        tally->at[i] = (struct node_count){.node = node};
    }
    tally->at[i].n += by;
    if (tally->at[i].n > 0)
        return;
    behind = --tally->n - i;
    memmove(&tally->at[i], &tally->at[i + 1], behind * sizeof(*tally->at));
}

/* ------------------------------------------------------------------ crowds */

/* NULL: no selection names the label's key. */
static struct named_key *named_key_of(const struct pod_classes *pc, const char *label)
{
    struct named_key *named;
    size_t len = strcspn(label, "=");

    HASH_FIND(hh, pc->named, label, len, named);
    return named;
}

/* What selections can tell of it. Heap. */
static uint8_t *crowd_key(const struct pod_classes *pc, const Berth__PodPlace *place,
                          size_t *ret_len)
{
    Berth__PodPlace key = BERTH__POD_PLACE__INIT;
    cleanup(freep) char **labels = xcalloc(place->n_labels + 1, sizeof(*labels));

    key.name_space = place->name_space;
    key.labels = labels;
    for (size_t i = 0; i < place->n_labels; i++)
        if (named_key_of(pc, place->labels[i]))
            labels[key.n_labels++] = place->labels[i];
    return pack_message(&key.base, ret_len);
}

static void crowd_count(struct crowd *crowd, const struct tally *tally, int sign)
{
    for (size_t i = 0; i < tally->n; i++)
        tally_add(&crowd->tally, tally->at[i].node,
                  sign > 0 ? tally->at[i].n : -tally->at[i].n);
}

static void crowd_join(struct pod_classes *pc, struct pod_class *class)
{
    size_t len;
    uint8_t *key = crowd_key(pc, class->place, &len);
    struct crowd *crowd;

    HASH_FIND(hh, pc->crowds, key, len, crowd);
    if (!crowd) {
        crowd = xcalloc(1, sizeof(*crowd));
        crowd->place = berth__pod_place__unpack(NULL, len, key);
        BUG_ON(!crowd->place);
        crowd->key = take(key);
        crowd->key_len = len;
        HASH_ADD_KEYPTR(hh, pc->crowds, crowd->key, crowd->key_len, crowd);
    }
    free(key);
    class->crowd = crowd;
    crowd->n_classes++;
    crowd->n_running += class->n_running;
    crowd_count(crowd, &class->tally, 1);
}

static void crowd_leave(struct pod_classes *pc, struct pod_class *class)
{
    struct crowd *crowd = take(class->crowd);

    crowd->n_running -= class->n_running;
    crowd_count(crowd, &class->tally, -1);
    if (--crowd->n_classes > 0)
        return;
    HASH_DEL(pc->crowds, crowd);
    free_message(crowd->place);
    free(crowd->key);
    free(crowd->tally.at);
    free(crowd);
}

/* ------------------------------------------------------------------ named labels */

/* True: none has named it before. */
static bool name_key(struct pod_classes *pc, const char *key, int by)
{
    struct named_key *named;

    HASH_FIND_STR(pc->named, key, named);
    if (!named) {
        named = xcalloc(1, sizeof(*named));
        named->key = xstrdup(key);
        named->n = 1;
        named->is_new = true;
        HASH_ADD_KEYPTR(hh, pc->named, named->key, strlen(named->key), named);
        return true;
    }
    named->n += (size_t)by;
    if (named->n > 0)
        return false;
    HASH_DEL(pc->named, named);
    free(named->key);
    free(named);
    return false;
}

static bool name_rules(struct pod_classes *pc, Berth__LabelRule *const *rules, size_t n,
                       int by)
{
    bool is_new = false;

    for (size_t i = 0; i < n; i++)
        is_new |= name_key(pc, rules[i]->key, by);
    return is_new;
}

static bool name_all(struct pod_classes *pc, const Berth__PodPlace *place, int by)
{
    bool is_new = false;

    for (size_t i = 0; i < place->n_relations; i++)
        is_new |=
            name_rules(pc, place->relations[i]->pods, place->relations[i]->n_pods, by);
    for (size_t i = 0; i < place->n_spreads; i++)
        is_new |=
            name_rules(pc, place->spreads[i]->pods, place->spreads[i]->n_pods, by);
    return is_new;
}

static bool has_new_key(const struct pod_classes *pc, const Berth__PodPlace *place)
{
    for (size_t i = 0; i < place->n_labels; i++) {
        const struct named_key *named = named_key_of(pc, place->labels[i]);

        if (named && named->is_new)
            return true;
    }
    return false;
}

/* Crowds of classes with such a label are finer than they were. They are not made
 * coarser when a label is named no more: that changes nothing but how many there are,
 * until their pods have ended. */
static void regroup(struct pod_classes *pc)
{
    struct pod_class *class, *next;
    struct named_key *named, *after;

    HASH_ITER(hh, pc->classes, class, next)
    {
        if (class->crowd && !has_new_key(pc, class->place))
            continue;
        if (class->crowd)
            crowd_leave(pc, class);
        crowd_join(pc, class);
    }
    HASH_ITER(hh, pc->named, named, after)
    named->is_new = false;
}

/* ------------------------------------------------------------------ classes */

/* What matters to others and to itself; where it may run is not part of it. */
static uint8_t *class_key(const Berth__PodPlace *place, size_t *ret_len)
{
    Berth__PodPlace key = *place;
    char none[] = "";

    key.n_nodes = key.n_better_nodes = key.n_tolerations = 0;
    key.gang = none;
    key.gang_size = 0;
    return pack_message(&key.base, ret_len);
}

static bool depends(const Berth__PodPlace *place)
{
    for (size_t i = 0; i < place->n_relations; i++)
        if (place->relations[i]->weight == 0)
            return true;
    for (size_t i = 0; i < place->n_spreads; i++)
        if (!place->spreads[i]->is_wish)
            return true;
    return false;
}

static bool keeps_away(const Berth__PodPlace *place)
{
    for (size_t i = 0; i < place->n_relations; i++)
        if (place->relations[i]->is_apart && place->relations[i]->weight == 0)
            return true;
    return false;
}

static bool likes(const Berth__PodPlace *place)
{
    for (size_t i = 0; i < place->n_relations; i++)
        if (place->relations[i]->weight > 0)
            return true;
    return false;
}

static bool has_soft_spread(const Berth__PodPlace *place)
{
    for (size_t i = 0; i < place->n_spreads; i++)
        if (place->spreads[i]->is_wish)
            return true;
    return false;
}

static void give_number(struct pod_classes *pc, struct pod_class *class)
{
    if (pc->n_free > 0) {
        class->number = pc->free_numbers[--pc->n_free];
    } else {
        class->number = ++pc->n_numbers;
        pc->numbered =
            xrealloc(pc->numbered, pc->n_numbers, sizeof(struct pod_class *));
        pc->free_numbers =
            xrealloc(pc->free_numbers, pc->n_numbers, sizeof(*pc->free_numbers));
    }
    pc->numbered[class->number - 1] = class;
}

static struct pod_class *class_create(struct pod_classes *pc,
                                      const Berth__PodPlace *place, uint8_t *key,
                                      size_t len)
{
    struct pod_class *class = xcalloc(1, sizeof(*class));

    class->place = berth__pod_place__unpack(NULL, len, key);
    BUG_ON(!class->place);
    class->key = key;
    class->key_len = len;
    class->depends = depends(place);
    class->keeps_away = keeps_away(place);
    class->likes = likes(place);
    class->has_soft_spread = has_soft_spread(place);
    give_number(pc, class);
    HASH_ADD_KEYPTR(hh, pc->classes, class->key, class->key_len, class);
    if (class->keeps_away || class->likes)
        DL_APPEND(pc->asked, class);
    if (name_all(pc, class->place, 1))
        regroup(pc);
    else
        crowd_join(pc, class);
    return class;
}

static void class_destroy(struct pod_classes *pc, struct pod_class *class)
{
    crowd_leave(pc, class);
    (void)name_all(pc, class->place, -1);
    if (class->keeps_away || class->likes)
        DL_DELETE(pc->asked, class);
    HASH_DEL(pc->classes, class);
    pc->numbered[class->number - 1] = NULL;
    pc->free_numbers[pc->n_free++] = class->number;
    free_message(class->place);
    free(class->tally.at);
    free(class->key);
    free(class);
}

static struct pod_class *class_at(const struct pod_classes *pc, uint32_t number)
{
    BUG_ON(number == 0 || number > pc->n_numbers || !pc->numbered[number - 1]);
    return pc->numbered[number - 1];
}

const struct pod_class *pod_class_of(const struct pod_classes *pc, uint32_t number)
{
    return class_at(pc, number);
}

uint32_t pod_classes_find(struct pod_classes *pc, const Berth__PodPlace *place)
{
    size_t len;
    uint8_t *key = class_key(place, &len);
    struct pod_class *class;

    HASH_FIND(hh, pc->classes, key, len, class);
    if (class)
        free(key);
    else
        class = class_create(pc, place, key, len);
    class->n_kept++;
    return class->number;
}

void pod_classes_keep(struct pod_classes *pc, uint32_t number, int by)
{
    struct pod_class *class = class_at(pc, number);

    class->n_kept += (uint32_t)by;
    if (class->n_kept > 0)
        return;
    BUG_ON(class->n_running > 0);
    class_destroy(pc, class);
}

bool pod_class_depends(const struct pod_classes *pc, uint32_t number)
{
    return number > 0 && pod_class_of(pc, number)->depends;
}

void pod_classes_moved(struct pod_classes *pc, uint32_t number, uint32_t node, int by)
{
    struct pod_class *class = class_at(pc, number);

    tally_add(&class->tally, node, (uint32_t)by);
    tally_add(&class->crowd->tally, node, (uint32_t)by);
    class->n_running += (uint32_t)by;
    class->crowd->n_running += (uint32_t)by;
    if (class->keeps_away)
        pc->n_keep_away += (uint32_t)by;
    if (class->likes)
        pc->n_like += (uint32_t)by;
}

/* ------------------------------------------------------------------ all of them */

struct pod_classes *pod_classes_create(const struct node_labels *labels)
{
    struct pod_classes *pc = xcalloc(1, sizeof(*pc));

    pc->labels = labels;
    pc->nowhere.of = xcalloc(labels->n_nodes + 1, sizeof(*pc->nowhere.of));
    for (size_t i = 0; i < labels->n_nodes; i++)
        pc->nowhere.of[i] = UINT32_MAX;
    return pc;
}

void pod_classes_destroy(struct pod_classes *pc)
{
    struct pod_class *class, *next;

    if (!pc)
        return;
    HASH_ITER(hh, pc->classes, class, next)
    class_destroy(pc, class);
    for (size_t i = 0; i < pc->n_domains; i++) {
        free(pc->domains[i].key);
        free(pc->domains[i].of);
    }
    free(pc->numbered);
    free(pc->free_numbers);
    free(pc->domains);
    free(pc->nowhere.of);
    free(pc);
}

struct pod_class_counts pod_classes_counts(const struct pod_classes *pc)
{
    return (struct pod_class_counts){.classes = HASH_COUNT(pc->classes),
                                     .crowds = HASH_COUNT(pc->crowds),
                                     .named = HASH_COUNT(pc->named),
                                     .numbers = pc->n_numbers,
                                     .domains = pc->n_domains};
}
