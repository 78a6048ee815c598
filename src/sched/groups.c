/* SPDX-License-Identifier: Apache-2.0
 *
 * groups.c - put requests into groups, and work out what a group demands
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "base/units.h"
#include "sched/group.h"
#include "sched/history.h"
#include "sched/internal.h"

/* ------------------------------------------------------------- the key */

static void add_text(struct strbuf *key, const char *text)
{
    strbuf_add(key, text ? text : "", text ? strlen(text) : 0);
    strbuf_add(key, "", 1);
}

static void add_set(struct strbuf *key, const struct bitset *set)
{
    size_t n = set ? (set->nbits + 63) / 64 : 0;
    strbuf_add(key, &n, sizeof(n));
    if (set)
        strbuf_add(key, set->words, n * sizeof(*set->words));
}

static void add_number(struct strbuf *key, int64_t n)
{
    strbuf_add(key, &n, sizeof(n));
}

static void add_place(struct strbuf *key, const struct place_request *p)
{
    const int64_t numbers[] = {p->nodes_min,
                               p->nodes_max,
                               p->tasks,
                               p->tasks_per_node,
                               p->tasks_per_package,
                               p->tasks_per_core,
                               p->cpus_per_task,
                               p->milli,
                               (int64_t)p->mem_per_node,
                               (int64_t)p->mem_per_cpu,
                               p->switches_max,
                               p->exclusive,
                               p->overcommit,
                               p->contiguous,
                               p->policy,
                               p->bind,
                               p->node_order,
                               p->package_order,
                               p->plane,
                               p->n_gres};
    strbuf_add(key, numbers, sizeof(numbers));
    for (uint32_t i = 0; i < p->n_gres; i++) {
        add_number(key, p->gres[i].kind);
        add_number(key, p->gres[i].count);
        add_number(key, p->gres[i].per);
        add_number(key, (int64_t)p->gres[i].memory);
    }
    add_set(key, p->allowed);
    add_set(key, p->required);
    add_set(key, p->excluded);
    for (uint32_t i = 0; i < p->n_levels; i++) {
        strbuf_add(key, &p->levels[i].cost, sizeof(p->levels[i].cost));
        add_set(key, p->levels[i].nodes);
    }
}

static void make_key(const struct sched_request *req, uint32_t partition, int64_t step,
                     struct strbuf *key)
{
    const int64_t numbers[] = {
        partition,          req->time_limit, req->time_min,   step,
        req->nice,          req->uid,        req->no_preempt, req->exclusive,
        req->switches_wait, req->image,      req->priority,   req->gang,
        req->gang_size,     req->class,      req->depends,    req->never_preempts,
        req->grace,         req->follows};
    const char *texts[] = {req->account,  req->qos,      req->user,
                           req->features, req->licences, req->reservation};
    strbuf_cut(key, 0);
    strbuf_add(key, numbers, sizeof(numbers));
    add_place(key, &req->place);
    add_set(key, req->barred);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        add_text(key, texts[i]);
}

/* Without a limit, a month is a guess as good as any. */
static int64_t limit_of(const struct sched_request *req)
{
    return req->time_limit == TIME_UNLIMITED ? INT64_C(30) * 86400 : req->time_limit;
}

/* ----------------------------------------------------------- the demand */

static struct bitset *base_set(const struct sched *sched, const struct group *group)
{
    struct bitset *set = bitset_dup(sched->partitions[group->partition].nodes);
    if (group->place_allowed)
        bitset_and(set, group->place_allowed);
    if (group->excluded)
        bitset_andnot(set, group->excluded);
    return set;
}

static void copy_choice(struct alternative *to, const struct feature_choice *from)
{
    bitset_and(to->allowed, from->nodes);
    to->n_quotas = (uint32_t)from->n_quotas;
    to->quotas = xcalloc(from->n_quotas + 1, sizeof(*to->quotas));
    to->quota_sets = xcalloc(from->n_quotas + 1, sizeof(struct bitset *));
    for (size_t i = 0; i < from->n_quotas; i++) {
        to->quota_sets[i] = bitset_dup(from->quotas[i].nodes);
        to->quotas[i] = (struct place_quota){.nodes = to->quota_sets[i],
                                             .n = from->quotas[i].count};
    }
}

static int choose_features(const struct sched *sched, const struct group *group,
                           struct feature_choices *ret, struct err *err)
{
    cleanup(freep) const char **names = xcalloc(sched->n_features + 1, sizeof(*names));
    cleanup(freep) const struct bitset **sets =
        xcalloc(sched->n_features + 1, sizeof(struct bitset *));
    for (size_t i = 0; i < sched->n_features; i++) {
        names[i] = sched->features[i].name;
        sets[i] = sched->features[i].nodes;
    }
    struct feature_table table = {.names = names,
                                  .sets = sets,
                                  .n = sched->n_features,
                                  .n_nodes = sched->n_nodes};
    cleanup(feature_spec_destroyp) struct feature_spec *spec = NULL;
    int rc = feature_spec_parse(group->req.features, &spec, err);
    if (rc == 0)
        rc = feature_spec_choices(spec, &table, ret, err);
    if (rc < 0)
        (void)err_wrap(err, "--constraint=%.200s", group->req.features);
    return rc < 0 ? -EINVAL : 0;
}

static void free_alternatives(struct demand *demand)
{
    for (uint32_t a = 0; a < demand->n_alternatives; a++) {
        struct alternative *alt = &demand->alternatives[a];
        for (uint32_t q = 0; q < alt->n_quotas; q++)
            bitset_destroy(alt->quota_sets[q]);
        bitset_destroy(alt->allowed);
        free(alt->quota_sets);
        free(alt->quotas);
    }
    free(demand->alternatives);
    *demand = (struct demand){0};
}

void group_choose(struct group *group, uint32_t alternative)
{
    const struct alternative *alt = &group->demand.alternatives[alternative];
    group->demand.allowed = alt->allowed;
    group->demand.quotas = alt->quotas;
    group->demand.n_quotas = alt->n_quotas;
}

static int make_alternatives(const struct sched *sched, struct group *group,
                             struct err *err)
{
    struct demand *demand = &group->demand;
    struct feature_choices choices = {0};
    int rc = 0;
    if (group->req.features)
        rc = choose_features(sched, group, &choices, err);
    if (rc < 0)
        return rc;
    demand->n_alternatives = choices.n ? (uint32_t)choices.n : 1;
    demand->alternatives = xcalloc(demand->n_alternatives, sizeof(struct alternative));
    for (uint32_t a = 0; a < demand->n_alternatives; a++) {
        demand->alternatives[a].allowed = base_set(sched, group);
        if (a < choices.n)
            copy_choice(&demand->alternatives[a], &choices.choices[a]);
    }
    feature_choices_fini(&choices);
    group_choose(group, 0);
    return 0;
}

/* The least that one node must have free for it. On a machine of one node that is
 * all of it. */
static void make_unit(const struct sched *sched, struct demand *demand,
                      const struct place_request *place, const struct place_want *want)
{
    uint32_t tasks = demand->per_node;
    if (sched->n_nodes == 1 && demand->tasks > tasks)
        tasks = demand->tasks;
    demand->unit.cores = 1;
    if (!place->exclusive && !place->overcommit)
        demand->unit.cores = (int32_t)place_want_cores(want, tasks, INT32_MAX);
    demand->unit.memory =
        (int64_t)(place->mem_per_node
                      ? place->mem_per_node
                      : place->mem_per_cpu * (uint64_t)demand->unit.cores);
    for (uint32_t i = 0; i < place->n_gres; i++) {
        const struct place_gres *gres = &place->gres[i];
        if (gres->kind >= AMOUNT_GRES || gres->per == PLACE_PER_JOB)
            continue;
        uint32_t n = gres->per == PLACE_PER_TASK ? gres->count * tasks : gres->count;
        demand->unit.gres[gres->kind] = (int16_t)n;
        demand->unit.memory += (int64_t)(gres->memory * n);
    }
}

static void make_totals(const struct sched *sched, struct group *group,
                        const struct place_want *want)
{
    struct demand *demand = &group->demand;
    const struct place_request *place = &group->req.place;
    uint64_t tasks = place_want_tasks(want, demand->nodes_min);
    uint64_t per_core = place->tasks_per_core ? place->tasks_per_core : 1;
    demand->cores = (tasks * want->cores + per_core - 1) / per_core;
    if (place->exclusive && sched->n_nodes)
        demand->cores = sched->cores / sched->n_nodes * demand->nodes_min;
    demand->tres = (struct tres){.cores = demand->cores, .nodes = demand->nodes_min};
    if (place->milli && !place->exclusive && !sched->options.numbers_only) {
        demand->tres.cores--;
        demand->tres.milli = place->milli;
    }
    demand->tres.mem_mb = place->mem_per_node ? place->mem_per_node * demand->nodes_min
                                              : place->mem_per_cpu * demand->cores;
    for (uint32_t i = 0; i < place->n_gres; i++) {
        const struct place_gres *gres = &place->gres[i];
        uint64_t times = gres->per == PLACE_PER_JOB    ? 1
                         : gres->per == PLACE_PER_TASK ? tasks
                                                       : demand->nodes_min;
        if (gres->kind == PLACE_KIND_GPU || group->general[i] == PLACE_KIND_GPU)
            demand->tres.gpus += gres->count * times;
        demand->tres.mem_mb += gres->memory * gres->count * times;
    }
}

/* A device of a type counts as one of its name too. */
static void find_general_kinds(struct sched *sched, struct group *group)
{
    free(group->general);
    group->general = xcalloc(group->req.place.n_gres + 1, sizeof(*group->general));
    for (uint32_t i = 0; i < group->req.place.n_gres; i++) {
        uint32_t kind = group->gres[i].kind;
        cleanup(freep) char *name =
            xstrdup(place_cluster_kind_name(sched->cluster, kind));
        char *colon = strchr(name, ':');
        if (colon)
            *colon = '\0';
        uint32_t general = place_cluster_kind(sched->cluster, name, NULL);
        group->general[i] = general == kind ? UINT32_MAX : general;
    }
}

static void make_demand(struct sched *sched, struct group *group)
{
    struct demand *demand = &group->demand;
    const struct place_request *place = &group->req.place;
    struct place_want want = place_want_of(place);
    find_general_kinds(sched, group);
    demand->nodes_min = want.nodes_min;
    demand->nodes_max = want.nodes_max;
    demand->tasks = want.tasks;
    demand->per_node = want.per_node;
    make_unit(sched, demand, place, &want);
    make_totals(sched, group, &want);
    /* Whatever the nodes are like, it takes no less. */
    group->need_cores =
        place->exclusive || place->overcommit ? demand->nodes_min : demand->cores;
    group->need_unit = (uint32_t)demand->unit.cores;
    group->need_nodes = demand->nodes_min;
}

void groups_refresh(struct sched *sched)
{
    for (struct group *group = sched->groups; group; group = group->hh.next) {
        free_alternatives(&group->demand);
        /* A feature that is gone is had by no node. */
        if (make_alternatives(sched, group, NULL) < 0) {
            group->demand.n_alternatives = 1;
            group->demand.alternatives = xcalloc(1, sizeof(struct alternative));
            group->demand.alternatives[0].allowed = bitset_create(sched->n_nodes);
            group_choose(group, 0);
        }
        make_demand(sched, group);
    }
    sched->order.is_stale = true;
    sched->up_version++;
    sched->gain.other = true;
}

/* -------------------------------------------------------------- groups */

static const char *own(struct group *group, const char *text)
{
    if (!text)
        return NULL;
    strv_add(&group->strings, text);
    return group->strings[strv_len(group->strings) - 1];
}

static struct bitset *dup_set(const struct bitset *set)
{
    return set ? bitset_dup(set) : NULL;
}

static void copy_levels(struct group *group, const struct place_request *from)
{
    struct place_level *levels = xcalloc(from->n_levels + 1, sizeof(*levels));
    group->level_sets = xcalloc(from->n_levels + 1, sizeof(struct bitset *));
    for (uint32_t i = 0; i < from->n_levels; i++) {
        group->level_sets[i] = bitset_dup(from->levels[i].nodes);
        levels[i] = (struct place_level){.nodes = group->level_sets[i],
                                         .cost = from->levels[i].cost};
    }
    group->levels = levels;
    group->req.place.levels = levels;
}

static void copy_request(struct group *group, const struct sched_request *req)
{
    struct sched_request *own_req = &group->req;
    *own_req = *req;
    own_req->array = NULL;
    own_req->name = own_req->dependency = NULL;
    own_req->partition = NULL;
    own_req->account = own(group, req->account);
    own_req->qos = own(group, req->qos);
    own_req->user = own(group, req->user);
    own_req->features = own(group, req->features);
    own_req->licences = own(group, req->licences);
    own_req->reservation = own(group, req->reservation);
    group->required = dup_set(req->place.required);
    group->excluded = dup_set(req->place.excluded);
    group->place_allowed = dup_set(req->place.allowed);
    group->barred = dup_set(req->barred);
    own_req->barred = group->barred;
    own_req->place.required = group->required;
    own_req->place.excluded = group->excluded;
    own_req->place.allowed = group->place_allowed;
    own_req->place.quotas = NULL;
    own_req->place.n_quotas = 0;
    if (req->place.n_gres)
        group->gres =
            xmemdup(req->place.gres, req->place.n_gres * sizeof(*group->gres));
    own_req->place.gres = group->gres;
    copy_levels(group, &req->place);
    if (req->exclusive == SCHED_WHOLE_NODES)
        own_req->place.exclusive = true;
}

static void group_destroy(struct group *group)
{
    free_alternatives(&group->demand);
    licence_spec_fini(&group->licences);
    bitset_destroy(group->required);
    bitset_destroy(group->excluded);
    bitset_destroy(group->place_allowed);
    bitset_destroy(group->barred);
    for (uint32_t i = 0; i < group->req.place.n_levels; i++)
        bitset_destroy(group->level_sets[i]);
    free(group->level_sets);
    free(group->levels);
    strv_free(group->strings);
    free(group->gres);
    free(group->general);
    free(group->words);
    free(group->key);
    free(group);
}

static void tell_kept(const struct sched *sched, const struct group *group, int by)
{
    const struct sched_company *company = &sched->options.company;
    const struct sched_request *req = &group->req;
    if (company->kept && (req->class || req->gang))
        company->kept(company->ctx, req->class, req->gang, by);
}

static int find_partition(const struct sched *sched, const char *name, uint32_t *ret,
                          struct err *err)
{
    if (!name)
        name = "";
    for (uint32_t i = 0; i < sched->n_partitions; i++) {
        if (strcmp(sched->partitions[i].name, name) == 0) {
            *ret = i;
            return 0;
        }
    }
    cleanup(freep) const char **names =
        xcalloc(sched->n_partitions + 1, sizeof(*names));
    for (uint32_t i = 0; i < sched->n_partitions; i++)
        names[i] = sched->partitions[i].name;
    const char *near = nearest_name(name, names, sched->n_partitions);
    return err_set(err, EINVAL, "--partition=%s: there is no such partition%s%s%s",
                   name, near ? " (did you mean " : "", near ? near : "",
                   near ? "?)" : "");
}

static int resolve(struct sched *sched, struct group *group, struct err *err)
{
    const struct sched_request *req = &group->req;
    const struct partition *partition = &sched->partitions[group->partition];
    struct assoc_who who = {.user = req->user,
                            .account = req->account,
                            .qos = req->qos,
                            .partition = partition->name,
                            .partition_qos = partition->qos,
                            .privileged = req->any_account || req->uid == 0};
    if (!sched->options.assoc || !req->user)
        return 0;
    group->has_assoc = true;
    return assoc_resolve(sched->options.assoc, &who, &group->assoc, err);
}

static int fill(struct sched *sched, struct group *group, struct err *err)
{
    int rc = resolve(sched, group, err);
    if (rc == 0 && group->req.licences) {
        rc = licence_spec_parse(group->req.licences, &group->licences, err);
        if (rc < 0)
            err_wrap(err, "--licenses=%.200s", group->req.licences);
    }
    if (rc == 0)
        rc = make_alternatives(sched, group, err);
    if (rc == 0)
        make_demand(sched, group);
    return rc;
}

static bool is_plain(const struct sched_request *req)
{
    const struct place_request *p = &req->place;
    return !req->class && !req->barred && !req->features && !req->licences &&
           !req->reservation && !p->required && !p->excluded && !p->allowed &&
           p->n_gres == 0 && !p->contiguous && p->switches_max == 0 &&
           p->tasks_per_package == 0 && !p->exclusive && p->milli == 0 &&
           !p->overcommit && req->time_min == 0 && req->exclusive == SCHED_SHARED;
}

static int group_create(struct sched *sched, const struct sched_request *req,
                        uint32_t partition, struct group **ret, struct err *err)
{
    struct group *group = xcalloc(1, sizeof(*group));
    copy_request(group, req);
    group->partition = partition;
    group->tier = sched->partitions[partition].tier;
    group->req.place.exclusive |= sched->partitions[partition].exclusive;
    group->reason = SCHED_PRIORITY;
    group->is_plain = is_plain(req);
    group->few_until = TIME_NEVER;
    group->is_timed = req->time_min > 0 || req->place.switches_max > 0 ||
                      req->reservation || req->depends ||
                      req->exclusive == SCHED_OWN_NODES;
    int rc = fill(sched, group, err);
    if (rc < 0)
        group_destroy(group);
    else
        *ret = group;
    return rc;
}

/* Guesses come in steps of a ninth, so that like jobs stay in one group. */
#define STEPS_PER_OCTAVE 8

static int64_t step_of(const struct sched *sched, const struct sched_request *req)
{
    struct place_want want = place_want_of(&req->place);
    uint64_t cores = place_want_tasks(&want, want.nodes_min) * want.cores;
    double guess = (double)req->time_expected;
    if (sched->options.policy.order != SCHED_BY_SLOWDOWN)
        return 0;
    if (req->time_expected <= 0)
        guess = history_guess(sched->history, req->uid, limit_of(req), cores);
    return llround(STEPS_PER_OCTAVE * log2(fmax(guess, 1)));
}

/* The group with the key at hand. Jobs that ask alike often come one after another,
 * and each asks twice: may it come, then where to. */
static struct group *find_by_key(struct sched *sched)
{
    const struct strbuf *key = &sched->key;
    struct group *group = sched->last_found;
    if (!group || group->key_len != key->len || memcmp(group->key, key->s, key->len))
        HASH_FIND(hh, sched->groups, key->s, key->len, group);
    return group;
}

int groups_find(struct sched *sched, const struct sched_request *req,
                struct group **ret, struct err *err)
{
    uint32_t partition = 0;
    int rc = find_partition(sched, req->partition, &partition, err);
    if (rc < 0)
        return rc;
    int64_t step = step_of(sched, req);
    make_key(req, partition, step, &sched->key);
    struct group *group = find_by_key(sched);
    if (!group) {
        rc = group_create(sched, req, partition, &group, err);
        if (rc == 0) {
            group->expected = exp2((double)step / STEPS_PER_OCTAVE);
            group->key = xmemdup(sched->key.s, sched->key.len);
            group->key_len = sched->key.len;
            HASH_ADD_KEYPTR(hh, sched->groups, group->key, group->key_len, group);
            tell_kept(sched, group, 1);
        }
    }
    if (rc == 0) {
        sched->last_found = group;
        group->n_refs++;
        *ret = group;
    }
    return rc;
}

void groups_unref(struct sched *sched, struct group *group)
{
    if (--group->n_refs > 0)
        return;
    BUG_ON(group->jobs || group->is_listed);
    if (sched->last_found == group)
        sched->last_found = NULL;
    HASH_DEL(sched->groups, group);
    tell_kept(sched, group, -1);
    group_destroy(group);
}

void groups_say(struct group *group, enum sched_reason reason, const char *words)
{
    group->reason = reason;
    group->behind = 0;
    group->limit = 0;
    if (words || group->words)
        str_replace(&group->words, words);
}
