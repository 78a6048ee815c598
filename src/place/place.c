/* SPDX-License-Identifier: Apache-2.0
 *
 * place.c - choose: collect offers where it makes sense, and take the best
 */
#include "place/place.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "place/search.h"
#include "place/slice.h"

const struct place_weights place_weights_default = PLACE_WEIGHTS_DEFAULT;

static size_t n_required(const struct place_request *req)
{
    return req->required ? bitset_count(req->required) : 0;
}

/* Of the required nodes, the first that is no candidate; NULL: all are. */
static const char *missing_node(struct field *f)
{
    const struct bitset *required = f->want.req->required;
    for (size_t i = required ? bitset_next(required, 0) : SIZE_MAX;
         required && i < required->nbits; i = bitset_next(required, i + 1))
        if (field_class(f, (uint32_t)i) == NO_CLASS)
            return f->cluster->nodes[i].name;
    return NULL;
}

static int say_too_few(const struct field *f, uint32_t n, struct err *err)
{
    uint32_t min = f->want.nodes_min;
    return err_set(err, EAGAIN, "%u node%s needed, %u %s room now", min,
                   min == 1 ? " is" : "s are", n, n == 1 ? "has" : "have");
}

static int say_how_they_lie(const struct place_request *req, struct err *err)
{
    if (req->contiguous)
        return err_set(err, EAGAIN,
                       "--contiguous: no nodes in a row have room for it now");
    if (req->switches_max)
        return err_set(err, EAGAIN, "--switches=%u: the nodes with room hang from more",
                       req->switches_max);
    return err_set(err, EAGAIN,
                   "the nodes with room do not have the features in the "
                   "numbers that are asked for");
}

static int say_what_is_short(struct place_cluster *cluster,
                             const struct place_request *req, struct err *err)
{
    cleanup(field_fini) struct field f;
    uint64_t room;
    field_init(&f, cluster, req);
    const char *missing = missing_node(&f);
    if (missing)
        return err_set(err, EAGAIN, "node %s of --nodelist has no room now", missing);
    uint32_t n = field_total(&f, &room);
    if (n < f.want.nodes_min)
        return say_too_few(&f, n, err);
    if (room < f.want.tasks)
        return err_set(err, EAGAIN, "there is room for %llu of %u tasks now",
                       (unsigned long long)room, f.want.tasks);
    if (req->contiguous || req->switches_max || req->n_quotas > 0)
        return say_how_they_lie(req, err);
    return err_set(err, EAGAIN, "no %u nodes have room for %u tasks now",
                   f.want.nodes_max, f.want.tasks);
}

static bool may_be_single(const struct place_want *want)
{
    const struct place_request *req = want->req;
    for (uint32_t q = 0; q < req->n_quotas; q++)
        if (req->quotas[q].n > 0)
            return false;
    return want->nodes_min <= 1 && n_required(req) <= 1 &&
           (want->tasks > 0 || want->nodes_max == 1);
}

static void search_many(struct place_cluster *cluster, const struct place_request *req,
                        struct offers *offers, struct place_want *want)
{
    cleanup(field_fini) struct field field;
    cleanup(picker_fini) struct picker picker = {0};
    field_init(&field, cluster, req);
    *want = field.want;
    if (missing_node(&field))
        return;
    picker_init(&picker, want);
    if (req->contiguous)
        search_rows(&field, &picker, offers);
    else
        search_switches(&field, &picker, offers);
}

static int choose(struct place_cluster *cluster, const struct place_request *req,
                  const struct place_weights *weights, unsigned int flags,
                  struct place_result **ret, struct err *err)
{
    struct place_want want = place_want_of(req);
    cleanup(offers_fini) struct offers offers = {
        .cluster = cluster, .want = &want, .weights = *weights};
    /* A job that spreads is meant to open free nodes. */
    if (req->policy == PLACE_SPREAD)
        offers.weights.fragmentation = 0;
    bool single = may_be_single(&want);
    if (want.nodes_min <= want.nodes_max && single)
        search_single_nodes(cluster, &want, &offers);
    if (want.nodes_min <= want.nodes_max && offers.n == 0 &&
        !(single && want.nodes_max == 1))
        search_many(cluster, req, &offers, &want);
    *ret = offers_best(&offers, cluster, flags);
    if (*ret)
        return 0;
    if (!err)
        return -EAGAIN;
    int rc = place_check(cluster, req, NULL, err);
    return rc < 0 ? rc : say_what_is_short(cluster, req, err);
}

/* --------------------------------------------------------------- slices of cores */

/* Beside others' slices, if a core has room. */
static struct place_result *choose_shared(struct place_cluster *cluster,
                                          const struct place_request *req,
                                          const struct place_weights *weights,
                                          unsigned int flags)
{
    struct place_want want = place_want_of(req);
    struct place_result *result = NULL;
    if (req->cpus_per_task == 0)
        return slice_join(cluster, &want, weights, flags);
    cleanup(bitset_destroyp) struct bitset *nodes = bitset_create(cluster->n_nodes);
    struct place_request whole = *req;
    slice_candidates(cluster, &want, nodes);
    whole.milli = 0;
    whole.allowed = nodes;
    if (choose(cluster, &whole, weights, flags, &result, NULL) == 0)
        slice_add(cluster, req, result);
    return result;
}

static int choose_any(struct place_cluster *cluster, const struct place_request *req,
                      const struct place_weights *weights, unsigned int flags,
                      struct place_result **ret, struct err *err)
{
    if (!slice_is_asked(cluster, req))
        return choose(cluster, req, weights, flags, ret, err);
    *ret = choose_shared(cluster, req, weights, flags);
    if (*ret)
        return 0;
    int rc = choose(cluster, req, weights, flags, ret, err);
    if (rc == 0)
        slice_open(req, *ret);
    return rc;
}

/* ------------------------------------------------------------- preferred nodes */

static uint32_t count_away(const struct place_result *result,
                           const struct bitset *preferred)
{
    uint32_t away = 0;
    for (size_t i = 0; i < result->n_shares; i++)
        away += !bitset_test(preferred, result->shares[i].node);
    return away;
}

/* Among preferred nodes alone, if there is anything; NULL else. */
static struct place_result *choose_near(struct place_cluster *cluster,
                                        const struct place_request *req,
                                        const struct place_weights *weights,
                                        unsigned int flags)
{
    cleanup(bitset_destroyp) struct bitset *near = bitset_dup(req->preferred);
    struct place_request narrow = *req;
    struct place_result *result = NULL;
    if (req->allowed)
        bitset_and(near, req->allowed);
    narrow.allowed = near;
    if (bitset_count(near) >= narrow.nodes_min)
        (void)choose_any(cluster, &narrow, weights, flags, &result, NULL);
    return result;
}

/* The best of all nodes, which pays for those that are not preferred, against the
 * best of the preferred ones. Selections between the two are not looked at. */
static int choose_preferred(struct place_cluster *cluster,
                            const struct place_request *req,
                            const struct place_weights *weights, unsigned int flags,
                            struct place_result **ret, struct err *err)
{
    int rc = choose_any(cluster, req, weights, flags, ret, err);
    struct place_result *near, *far = *ret;
    if (rc < 0 || !req->preferred)
        return rc;
    far->parts.away = count_away(far, req->preferred);
    if (far->parts.away == 0)
        return 0;
    far->score += weights->image * far->parts.away;
    near = choose_near(cluster, req, weights, flags);
    if (near && near->score <= far->score) {
        place_result_destroy(far);
        *ret = near;
        return 0;
    }
    place_result_destroy(near);
    if (far->why) {
        free(far->why);
        far->why = place_words(&far->parts);
    }
    return 0;
}

/* ------------------------------------------------------------------- levels */

static struct place_result *choose_on_level(struct place_cluster *cluster,
                                            const struct place_request *req,
                                            const struct place_weights *weights,
                                            unsigned int flags,
                                            const struct place_level *level)
{
    cleanup(bitset_destroyp) struct bitset *nodes = bitset_dup(level->nodes);
    struct place_request narrow = *req;
    struct place_result *result = NULL;
    if (req->allowed)
        bitset_and(nodes, req->allowed);
    narrow.allowed = nodes;
    if (bitset_next(nodes, 0) == nodes->nbits ||
        choose_preferred(cluster, &narrow, weights, flags, &result, NULL) < 0)
        return NULL;
    result->parts.disliked = level->cost;
    result->score += level->cost;
    if (result->why && level->cost > 0) {
        free(result->why);
        result->why = place_words(&result->parts);
    }
    return result;
}

/* The best of each level, as long as a level alone costs less than the best so far. */
int place_choose(struct place_cluster *cluster, const struct place_request *req,
                 const struct place_weights *weights, unsigned int flags,
                 struct place_result **ret, struct err *err)
{
    struct place_result *best = NULL;
    for (uint32_t i = 0; i < req->n_levels; i++) {
        const struct place_level *level = &req->levels[i];
        if (best && best->score <= level->cost)
            break;
        struct place_result *result =
            choose_on_level(cluster, req, weights, flags, level);
        bool better = result && (!best || result->score < best->score);
        place_result_destroy(better ? best : result);
        best = better ? result : best;
    }
    if (!best)
        return choose_preferred(cluster, req, weights, flags, ret, err);
    *ret = best;
    return 0;
}
