/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_nodes.c - where a pod may run, from its wishes to the scheduler's request
 */
#include "controller/pods/pod_nodes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <uthash.h>

#include "affinity/node_labels.h"
#include "affinity/pod_classes.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "controller/nodes.h"
#include "wire/pack.h"

#define SELECTIONS_MAX 256

/* What a set of wishes comes to. */
struct selection {
    uint8_t *key; /* the wishes, packed */
    size_t key_len;
    struct bitset *excluded;
    struct bitset *barred; /* by passing taints; NULL: none */
    struct node_level *found;
    struct place_level *levels;
    size_t n_levels;
    bool is_empty;
    bool has_changed;    /* by the last taint that came or went; or it is new */
    uint32_t n_requests; /* that borrow from it */
    UT_hash_handle hh;
};

/* A gang by its name, and its number. */
struct gang_name {
    char *name;
    uint32_t number;
    uint32_t n_kept;
    UT_hash_handle hh, hh_number;
};

struct pod_nodes {
    const char **names;
    struct node_labels *labels;
    struct pod_classes *classes;
    struct selection *selections; /* those that were asked for last are the last ones */
    struct gang_name *gangs, *by_number;
    uint32_t last_gang;
};

/* ------------------------------------------------------------------ labels */

/* As Go calls it, and so everybody's images and manifests. */
static const char *architecture(const char *machine)
{
    static const char *const names[][2] = {
        {"x86_64", "amd64"}, {"aarch64", "arm64"}, {"i686", "386"}};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(names[i][0], machine) == 0)
            return names[i][1];
    return machine;
}

static void label_built_in(struct pod_nodes *pn, const struct controller *ctl)
{
    struct utsname host;
    const char *arch = uname(&host) == 0 ? architecture(host.machine) : "unknown";

    for (uint32_t i = 0; i < ctl->config->n_nodes; i++) {
        const char *features = ctl->config->nodes[i].features;
        cleanup(strv_freep) char **words = features ? strv_split(features, ",") : NULL;

        node_labels_set(pn->labels, i, "kubernetes.io/os", "linux");
        node_labels_set(pn->labels, i, "kubernetes.io/arch", arch);
        strv_foreach (word, words)
            if (**word)
                node_labels_set(pn->labels, i, *word, "");
    }
}

static void label_partitions(struct pod_nodes *pn, const struct controller *ctl)
{
    for (size_t p = 0; p < ctl->config->n_partitions; p++) {
        const struct bitset *nodes = ctl->partition_nodes[p];
        cleanup(freep) char *key =
            xasprintf("berth/partition.%s", ctl->config->partitions[p].name);

        for (size_t i = bitset_next(nodes, 0); i < nodes->nbits;
             i = bitset_next(nodes, i + 1))
            node_labels_set(pn->labels, (uint32_t)i, key, "");
    }
}

static int label_configured(struct pod_nodes *pn, const struct controller *ctl,
                            struct err *err)
{
    int rc = 0;

    for (uint32_t i = 0; rc == 0 && i < ctl->config->n_nodes; i++) {
        const struct config_node *node = &ctl->config->nodes[i];

        rc = node_labels_read(pn->labels, i, node->labels, err);
        if (rc == 0)
            rc = node_taints_read(pn->labels, i, node->taints, err);
        if (rc)
            (void)err_wrap(err, "node %s", node->name);
    }
    return rc;
}

int pod_nodes_create(struct controller *ctl, struct err *err)
{
    struct pod_nodes *pn = xcalloc(1, sizeof(*pn));

    pn->names = xcalloc(ctl->config->n_nodes + 1, sizeof(*pn->names));
    for (size_t i = 0; i < ctl->config->n_nodes; i++)
        pn->names[i] = ctl->config->nodes[i].name;
    pn->labels = node_labels_create(pn->names, ctl->config->n_nodes);
    pn->classes = pod_classes_create(pn->labels);
    ctl->pod_nodes = pn;
    label_built_in(pn, ctl);
    label_partitions(pn, ctl);
    return label_configured(pn, ctl, err);
}

static void selection_clear(struct selection *s)
{
    bitset_destroy(take(s->excluded));
    bitset_destroy(take(s->barred));
    node_levels_free(take(s->found), s->n_levels);
    free(take(s->levels));
    s->n_levels = 0;
}

static void selection_destroy(struct selection *s)
{
    selection_clear(s);
    free(s->key);
    free(s);
}

static void gang_destroy(struct pod_nodes *pn, struct gang_name *gang)
{
    HASH_DEL(pn->gangs, gang);
    HASH_DELETE(hh_number, pn->by_number, gang);
    free(gang->name);
    free(gang);
}

void pod_nodes_destroy(struct controller *ctl)
{
    struct pod_nodes *pn = take(ctl->pod_nodes);
    struct selection *s, *next;
    struct gang_name *gang, *next_gang;

    if (!pn)
        return;
    HASH_ITER(hh, pn->gangs, gang, next_gang)
    gang_destroy(pn, gang);
    HASH_ITER(hh, pn->selections, s, next)
    {
        HASH_DEL(pn->selections, s);
        selection_destroy(s);
    }
    pod_classes_destroy(pn->classes);
    node_labels_destroy(pn->labels);
    free(pn->names);
    free(pn);
}

char **pod_nodes_labels(const struct controller *ctl, uint32_t node)
{
    return node_labels_list(ctl->pod_nodes->labels, node);
}

char **pod_nodes_taints(const struct controller *ctl, uint32_t node)
{
    return node_taints_list(ctl->pod_nodes->labels, node);
}

/* ------------------------------------------------------------------ who runs */

static void narrow(void *ctx, uint32_t class, const struct bitset *may_use,
                   struct bitset *nodes)
{
    pod_classes_narrow(((struct pod_nodes *)ctx)->classes, class, may_use, nodes);
}

static bool like(void *ctx, uint32_t class, const struct bitset *nodes,
                 uint32_t *ret_costs)
{
    return pod_classes_like(((struct pod_nodes *)ctx)->classes, class, nodes,
                            ret_costs);
}

static void moved(void *ctx, uint32_t class, uint32_t node, int by)
{
    pod_classes_moved(((struct pod_nodes *)ctx)->classes, class, node, by);
}

static void keep_gang(struct pod_nodes *pn, uint32_t number, int by)
{
    struct gang_name *gang;

    HASH_FIND(hh_number, pn->by_number, &number, sizeof(number), gang);
    BUG_ON(!gang);
    gang->n_kept += (uint32_t)by;
    if (gang->n_kept == 0)
        gang_destroy(pn, gang);
}

static void kept(void *ctx, uint32_t class, uint32_t gang, int by)
{
    struct pod_nodes *pn = ctx;

    if (class)
        pod_classes_keep(pn->classes, class, by);
    if (gang)
        keep_gang(pn, gang, by);
}

struct sched_company pod_nodes_company(struct controller *ctl)
{
    return (struct sched_company){.narrow = narrow,
                                  .like = like,
                                  .moved = moved,
                                  .kept = kept,
                                  .ctx = ctl->pod_nodes};
}

struct pod_nodes_counts pod_nodes_counts(const struct controller *ctl)
{
    const struct pod_nodes *pn = ctl->pod_nodes;

    return (struct pod_nodes_counts){.selections = HASH_COUNT(pn->selections),
                                     .classes = pod_classes_counts(pn->classes).classes,
                                     .gangs = HASH_COUNT(pn->gangs)};
}

/* ------------------------------------------------------------------ selections */

static uint8_t *key_of(const Berth__PodPlace *place, size_t *ret_len)
{
    Berth__PodPlace key = BERTH__POD_PLACE__INIT;

    key.nodes = place->nodes;
    key.n_nodes = place->n_nodes;
    key.better_nodes = place->better_nodes;
    key.n_better_nodes = place->n_better_nodes;
    key.tolerations = place->tolerations;
    key.n_tolerations = place->n_tolerations;
    return pack_message(&key.base, ret_len);
}

static void judge_taints(const struct pod_nodes *pn, const Berth__PodPlace *place,
                         struct selection *s)
{
    cleanup(bitset_destroyp) struct bitset *barred = bitset_create(pn->labels->n_nodes);

    if (node_select_barred(pn->labels, place, barred))
        s->barred = take(barred);
}

static void judge(const struct pod_nodes *pn, const Berth__PodPlace *place,
                  struct selection *s)
{
    cleanup(bitset_destroyp) struct bitset *fit = bitset_create(pn->labels->n_nodes);

    judge_taints(pn, place, s);

    node_select(pn->labels, place, fit);
    s->is_empty = bitset_next(fit, 0) >= fit->nbits;
    s->excluded = bitset_create(pn->labels->n_nodes);
    bitset_set_range(s->excluded, 0, pn->labels->n_nodes);
    bitset_andnot(s->excluded, fit);
    s->n_levels = node_levels(pn->labels, place, &s->found);
    s->levels = xcalloc(s->n_levels + 1, sizeof(*s->levels));
    for (size_t i = 0; i < s->n_levels; i++)
        s->levels[i] =
            (struct place_level){.nodes = s->found[i].nodes, .cost = s->found[i].lacks};
}

static void forget_oldest(struct pod_nodes *pn, const struct selection *newest)
{
    struct selection *s, *next;

    HASH_ITER(hh, pn->selections, s, next)
    {
        if (HASH_COUNT(pn->selections) <= SELECTIONS_MAX)
            return;
        if (s->n_requests > 0 || s == newest)
            continue;
        HASH_DEL(pn->selections, s);
        selection_destroy(s);
    }
}

static struct selection *select_nodes(struct pod_nodes *pn,
                                      const Berth__PodPlace *place)
{
    struct selection *s;
    size_t len;
    uint8_t *key = key_of(place, &len);

    HASH_FIND(hh, pn->selections, key, len, s);
    if (s) {
        free(key);
        HASH_DEL(pn->selections, s);
    } else {
        s = xcalloc(1, sizeof(*s));
        s->key = key;
        s->key_len = len;
        s->has_changed = true; /* who was queued by an earlier one does not know it */
        judge(pn, place, s);
    }
    HASH_ADD_KEYPTR(hh, pn->selections, s->key, s->key_len, s);
    forget_oldest(pn, s);
    return s;
}

static uint32_t next_gang_number(struct pod_nodes *pn)
{
    struct gang_name *taken;

    do {
        pn->last_gang++;
        HASH_FIND(hh_number, pn->by_number, &pn->last_gang, sizeof(pn->last_gang),
                  taken);
    } while (taken || pn->last_gang == 0);
    return pn->last_gang;
}

/* Kept once more. */
static uint32_t gang_number(struct pod_nodes *pn, const Berth__PodPlace *place)
{
    cleanup(freep) char *name = xasprintf("%s/%s", place->name_space, place->gang);
    struct gang_name *gang;

    HASH_FIND_STR(pn->gangs, name, gang);
    if (!gang) {
        gang = xcalloc(1, sizeof(*gang));
        gang->name = take(name);
        gang->number = next_gang_number(pn);
        HASH_ADD_KEYPTR(hh, pn->gangs, gang->name, strlen(gang->name), gang);
        HASH_ADD(hh_number, pn->by_number, number, sizeof(gang->number), gang);
    }
    gang->n_kept++;
    return gang->number;
}

static void exclude(struct request *ret, const struct bitset *more)
{
    if (bitset_next(more, 0) >= more->nbits)
        return;
    if (ret->excluded)
        bitset_or(ret->excluded, more);
    else
        ret->excluded = bitset_dup(more);
    ret->sched.place.excluded = ret->excluded;
}

int pod_nodes_fill(const struct controller *ctl, const Berth__PodWish *wish,
                   struct request *ret, struct err *err)
{
    struct pod_nodes *pn = ctl->pod_nodes;
    const Berth__PodPlace *place = wish->place;
    struct selection *s;
    int rc;

    ret->sched.place.milli = wish->cpu_milli;
    ret->sched.never_preempts = wish->never_preempts;
    ret->sched.grace = wish->grace > 1 ? wish->grace - 1 : wish->grace;
    if (wish->time_expected > 0)
        ret->sched.time_expected = wish->time_expected;
    if (!place)
        return 0;
    s = select_nodes(pn, place);
    if (s->is_empty) {
        rc = node_select_why(pn->labels, place, err);
        (void)err_wrap(err, "spec.nodeSelector, affinity and tolerations");
        return rc;
    }
    s->n_requests++;
    ret->pods = pn;
    ret->selection = s;
    exclude(ret, s->excluded);
    if (*place->gang) {
        ret->sched.gang = gang_number(pn, place);
        ret->sched.gang_size = place->gang_size;
    }
    ret->sched.place.levels = s->levels;
    ret->sched.place.n_levels = (uint32_t)s->n_levels;
    ret->sched.barred = s->barred;
    ret->sched.class = pod_classes_find(pn->classes, place);
    ret->sched.depends = pod_class_depends(pn->classes, ret->sched.class);
    return 0;
}

/* ------------------------------------------------------------------ passing taints */

static bool is_same_set(const struct bitset *a, const struct bitset *b)
{
    return a && b ? bitset_equals(a, b) : a == b;
}

/* PreferNoSchedule is in the levels. */
static bool is_as_before(const struct selection *a, const struct selection *b)
{
    bool same = is_same_set(a->barred, b->barred) && a->n_levels == b->n_levels;

    for (size_t i = 0; same && i < a->n_levels; i++)
        same = a->found[i].lacks == b->found[i].lacks &&
               is_same_set(a->found[i].nodes, b->found[i].nodes);
    return same;
}

static void judge_again(const struct pod_nodes *pn, struct selection *s)
{
    Berth__PodPlace *place = berth__pod_place__unpack(NULL, s->key_len, s->key);
    struct selection was = *s;

    BUG_ON(!place);
    s->excluded = s->barred = NULL;
    s->found = NULL;
    s->levels = NULL;
    judge(pn, place, s);
    s->has_changed = !is_as_before(&was, s);
    was.key = NULL;
    selection_clear(&was);
    berth__pod_place__free_unpacked(place, NULL);
}

int pod_nodes_taint(struct controller *ctl, uint32_t node, const char *words, bool on,
                    struct err *err)
{
    return node_taint_set(ctl->pod_nodes->labels, node, words, on, err);
}

void pod_nodes_tainted(struct controller *ctl)
{
    struct selection *s, *next;

    HASH_ITER(hh, ctl->pod_nodes->selections, s, next) judge_again(ctl->pod_nodes, s);
}

bool pod_nodes_has_changed(const struct controller *ctl, const Berth__PodPlace *place)
{
    const struct selection *s;
    size_t len;
    cleanup(freep) uint8_t *key = key_of(place, &len);

    HASH_FIND(hh, ctl->pod_nodes->selections, key, len, s);
    return !s || s->has_changed;
}

void pod_nodes_release(struct request *request)
{
    struct pod_nodes *pn = take(request->pods);

    if (!pn)
        return;
    take(request->selection)->n_requests--;
    kept(pn, request->sched.class, request->sched.gang, -1);
}
