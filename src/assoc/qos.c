/* SPDX-License-Identifier: Apache-2.0
 *
 * qos.c - qualities of service, and who may ask for which
 */
#include <errno.h>
#include <string.h>

#include "assoc/internal.h"
#include "base/mem.h"
#include "base/nearest.h"

static const char *const preempt_names[] = {"cluster", "requeue", "suspend", "cancel",
                                            "none"};

const char *qos_preempt_name(enum qos_preempt mode)
{
    return preempt_names[mode];
}

int qos_preempt_parse(const char *name, enum qos_preempt *ret, struct err *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(preempt_names); i++)
        if (strcmp(name, preempt_names[i]) == 0) {
            *ret = (enum qos_preempt)i;
            return 0;
        }
    return err_set(err, EINVAL,
                   "'%s' is none of cluster, requeue, suspend, cancel, none", name);
}

uint32_t assoc_qos_count(const struct assoc *assoc)
{
    return assoc->n_qos;
}

const struct qos *assoc_qos(const struct assoc *assoc, uint32_t index)
{
    if (index >= assoc->n_qos || !assoc->qos[index].in_use)
        return NULL;
    return &assoc->qos[index].qos;
}

static uint32_t find(const struct assoc *assoc, const char *name)
{
    for (uint32_t i = 0; i < assoc->n_qos; i++)
        if (assoc->qos[i].in_use && strcmp(assoc->qos[i].qos.name, name) == 0)
            return i;
    return ASSOC_NONE;
}

int assoc_qos_find(const struct assoc *assoc, const char *name, uint32_t *ret,
                   struct err *err)
{
    uint32_t index = find(assoc, name);
    size_t n = 0;

    if (index != ASSOC_NONE) {
        *ret = index;
        return 0;
    }
    cleanup(freep) const char **names = xcalloc(assoc->n_qos, sizeof *names);
    for (uint32_t i = 0; i < assoc->n_qos; i++)
        if (assoc->qos[i].in_use)
            names[n++] = assoc->qos[i].qos.name;
    const char *near = nearest_name(name, names, n);
    return err_set(err, ENOENT, "there is no QOS '%s'%s%s%s", name,
                   near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static uint32_t add_slot(struct assoc *assoc)
{
    uint32_t index = 0;

    while (index < assoc->n_qos && assoc->qos[index].in_use)
        index++;
    if (index == assoc->n_qos)
        assoc->qos = xrealloc(assoc->qos, ++assoc->n_qos, sizeof *assoc->qos);
    assoc->qos[index] = (struct qos_slot){
        .in_use = true,
        .meter.since = usage_w(assoc, assoc->now),
    };
    return index;
}

int assoc_qos_set(struct assoc *assoc, const struct qos *qos, uint32_t *ret_index,
                  struct err *err)
{
    int rc = assoc_check_name("QOS", qos->name, err);

    if (rc < 0)
        return rc;
    if (!(qos->usage_factor >= 0 && qos->usage_factor <= 1e6))
        return err_set(err, EINVAL, "QOS %s: a usage factor is between 0 and 1000000",
                       qos->name);
    for (size_t i = 0; i < qos->n_preempts; i++)
        if (!assoc_qos(assoc, qos->preempts[i]))
            return err_set(err, EINVAL, "QOS %s: what it preempts is not there",
                           qos->name);
    uint32_t index = find(assoc, qos->name);
    if (index == ASSOC_NONE)
        index = add_slot(assoc);
    struct qos *own = &assoc->qos[index].qos;
    uint32_t *preempts =
        qos->n_preempts ? xmemdup(qos->preempts, qos->n_preempts * sizeof *preempts)
                        : NULL;
    free(own->preempts);
    *own = *qos;
    own->preempts = preempts;
    if (ret_index)
        *ret_index = index;
    return 0;
}

static bool has(const uint32_t *list, size_t n, uint32_t value)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == value)
            return true;
    return false;
}

/* What would be left without its QOS? -EBUSY. */
static int check_unused(const struct assoc *assoc, uint32_t qos, struct err *err)
{
    const char *name = assoc->qos[qos].qos.name;
    const struct tally *tally = &assoc->qos[qos].tally;

    if (tally->jobs || tally->submitted)
        return err_set(err, EBUSY, "QOS %s has jobs that wait or run", name);
    for (uint32_t i = 0; i < assoc->n_nodes; i++) {
        const struct node *node = &assoc->nodes[i];

        if (node->in_use &&
            (node->default_qos == qos || has(node->qos, node->n_qos, qos)))
            return err_set(err, EBUSY, "QOS %s is used by %s %s", name,
                           node->user ? "user" : "account",
                           node->user ? node->user : node->account);
    }
    for (uint32_t i = 0; i < assoc->n_qos; i++)
        if (i != qos && assoc->qos[i].in_use &&
            has(assoc->qos[i].qos.preempts, assoc->qos[i].qos.n_preempts, qos))
            return err_set(err, EBUSY, "QOS %s is preempted by QOS %s", name,
                           assoc->qos[i].qos.name);
    return 0;
}

int assoc_qos_remove(struct assoc *assoc, const char *name, struct err *err)
{
    uint32_t index;
    int rc = assoc_qos_find(assoc, name, &index, err);

    if (rc == 0 && index == QOS_NORMAL)
        return err_set(err, EINVAL, "QOS normal cannot be removed");
    if (rc == 0)
        rc = check_unused(assoc, index, err);
    if (rc < 0)
        return rc;
    free(assoc->qos[index].qos.preempts);
    assoc->qos[index] = (struct qos_slot){0};
    return 0;
}

bool assoc_qos_preempts(const struct assoc *assoc, uint32_t by, uint32_t whom)
{
    const struct qos *qos = assoc_qos(assoc, by);

    return qos && has(qos->preempts, qos->n_preempts, whom);
}

uint32_t assoc_qos_running(const struct assoc *assoc, uint32_t qos,
                           struct tres *ret_held)
{
    *ret_held = assoc->qos[qos].tally.held;
    return assoc->qos[qos].tally.jobs;
}

double assoc_qos_factor(const struct assoc *assoc, uint32_t qos)
{
    uint32_t highest = 0;

    for (uint32_t i = 0; i < assoc->n_qos; i++)
        if (assoc->qos[i].in_use && assoc->qos[i].qos.priority > highest)
            highest = assoc->qos[i].qos.priority;
    const struct qos *own = assoc_qos(assoc, qos);
    return own && highest ? (double)own->priority / highest : 0;
}

int assoc_set_qos(struct assoc *assoc, uint32_t index, const char *const *names,
                  size_t n, struct err *err)
{
    cleanup(freep) uint32_t *list = n ? xcalloc(n, sizeof *list) : NULL;

    for (size_t i = 0; i < n; i++) {
        int rc = assoc_qos_find(assoc, names[i], &list[i], err);
        if (rc < 0)
            return rc;
    }
    free(assoc->nodes[index].qos);
    assoc->nodes[index].qos = take(list);
    assoc->nodes[index].n_qos = n;
    return 0;
}

int assoc_set_default_qos(struct assoc *assoc, uint32_t index, const char *name,
                          struct err *err)
{
    uint32_t qos = ASSOC_NONE;
    int rc = name ? assoc_qos_find(assoc, name, &qos, err) : 0;

    if (rc == 0)
        assoc->nodes[index].default_qos = qos;
    return rc;
}
