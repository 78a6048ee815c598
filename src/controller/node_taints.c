/* SPDX-License-Identifier: Apache-2.0
 *
 * node_taints.c - taints that an administrator gives to nodes and takes away again
 */
#include "controller/node_taints.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "affinity/node_labels.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "controller/dispatch.h"
#include "controller/jobs.h"
#include "controller/pods/pod_nodes.h"
#include "controller/users.h"
#include "wire/pack.h"

#define STATE_TAINT "node.kubernetes.io/"

/* ------------------------------------------------------------------ of one node */

static void add(struct controller *ctl, struct ctl_node *node, const char *words,
                const char *by, int64_t now)
{
    Berth__NodeTaint *taint = xmalloc(sizeof(*taint));
    Berth__NodeTaints *all = node->taints;

    berth__node_taint__init(taint);
    taint->words = xstrdup(words);
    taint->by = xstrdup(by);
    taint->since = now;
    if (!all) {
        all = node->taints = xmalloc(sizeof(*all));
        berth__node_taints__init(all);
        all->name = xstrdup(node->config->name);
    }
    all->taints = xrealloc(all->taints, all->n_taints + 1, sizeof(*all->taints));
    all->taints[all->n_taints++] = taint;
    (void)pod_nodes_taint(ctl, node->index, words, true, NULL);
}

/* Is 'words' one that 'which' means: "KEY", "KEY:EFFECT" or all of it? */
static bool is_meant(const char *which, const char *words)
{
    cleanup(taint_words_fini) struct taint_words taint = {0};
    const char *effect = strrchr(which, ':'), *equal = strchr(which, '=');
    size_t key = equal    ? (size_t)(equal - which)
                 : effect ? (size_t)(effect - which)
                          : strlen(which);

    if (taint_parse(words, &taint, NULL))
        return false;
    if (strlen(taint.key) != key || strncmp(which, taint.key, key) != 0)
        return false;
    if (effect && strcmp(effect + 1, taint.effect) != 0)
        return false;
    return !equal || strcmp(which, words) == 0;
}

static size_t count(const struct ctl_node *node, const char *which)
{
    size_t n = 0;

    for (size_t i = 0; node->taints && i < node->taints->n_taints; i++)
        n += is_meant(which, node->taints->taints[i]->words);
    return n;
}

static void drop(struct controller *ctl, struct ctl_node *node, const char *which)
{
    Berth__NodeTaints *all = node->taints;
    size_t kept = 0;

    for (size_t i = 0; all && i < all->n_taints; i++) {
        if (!is_meant(which, all->taints[i]->words)) {
            all->taints[kept++] = all->taints[i];
            continue;
        }
        (void)pod_nodes_taint(ctl, node->index, all->taints[i]->words, false, NULL);
        free_message(all->taints[i]);
    }
    if (all)
        all->n_taints = kept;
}

static void save(struct controller *ctl, struct ctl_node *node)
{
    cleanup(freep) char *key = xasprintf("taint/%s", node->config->name);
    cleanup(freep) uint8_t *bytes = NULL;
    size_t len;

    node->evict_at = 0;
    if (node->taints && node->taints->n_taints == 0)
        free_message(take(node->taints));
    if (!node->taints) {
        store_delete(ctl->store, key);
        return;
    }
    bytes = pack_message(&node->taints->base, &len);
    store_put(ctl->store, key, bytes, len);
}

void node_taints_restore(struct controller *ctl, Berth__NodeTaints *taints)
{
    struct ctl_node *node = nodes_find(ctl, taints->name);

    if (!node) {
        free_message(taints);
        return;
    }
    node->taints = taints;
    for (size_t i = 0; i < taints->n_taints; i++)
        (void)pod_nodes_taint(ctl, node->index, taints->taints[i]->words, true, NULL);
}

/* ------------------------------------------------------------------ orders */

static bool is_removal(const char *words)
{
    size_t len = strlen(words);

    return len > 1 && words[len - 1] == '-';
}

static char *what_goes(const char *words)
{
    return xstrndup(words, strlen(words) - 1);
}

static int check_removal(const struct controller *ctl,
                         const Berth__NodeControl *control, const char *words,
                         struct err *err)
{
    cleanup(freep) char *which = what_goes(words);

    for (size_t i = 0; i < control->n_names; i++)
        if (count(nodes_find(ctl, control->names[i]), which) > 0)
            return 0;
    return err_set(err, ENOENT,
                   "none of the nodes was given the taint %.80s here (those of the "
                   "configuration are changed there)",
                   which);
}

int node_taints_check(const struct controller *ctl, const Berth__NodeControl *control,
                      struct err *err)
{
    int rc = control->n_taints ? 0 : err_set(err, EINVAL, "no taint was named");

    for (size_t i = 0; rc == 0 && i < control->n_taints; i++) {
        cleanup(taint_words_fini) struct taint_words taint = {0};

        rc = is_removal(control->taints[i])
                 ? check_removal(ctl, control, control->taints[i], err)
                 : taint_parse(control->taints[i], &taint, err);
    }
    return rc;
}

static void change(struct controller *ctl, struct ctl_node *node, const char *words,
                   const char *by)
{
    cleanup(taint_words_fini) struct taint_words taint = {0};
    cleanup(freep) char *which = NULL;

    if (is_removal(words)) {
        which = what_goes(words);
        drop(ctl, node, which);
    } else if (count(node, words) == 0 && taint_parse(words, &taint, NULL) == 0) {
        which = xasprintf("%s:%s", taint.key, taint.effect);
        drop(ctl, node, which);
        add(ctl, node, words, by, controller_now());
    }
    log_info("node %s: taint %s by %s", node->config->name, words, by);
}

/* Pods that wait and may go elsewhere now than before. */
static void ask_anew(struct controller *ctl)
{
    struct ctl_job *cj, *next;
    struct err err;

    pod_nodes_tainted(ctl);
    HASH_ITER(hh, ctl->jobs, cj, next)
    {
        const Berth__PodWish *wish = cj->job.spec ? cj->job.spec->pod : NULL;

        if (!wish || !wish->place || job_state_of(&cj->job) != JOB_PENDING ||
            !pod_nodes_has_changed(ctl, wish->place))
            continue;
        if (jobs_ask_anew(ctl, cj, &err))
            log_warn("job %" PRIu32 ": %s", cj->id, err.text);
    }
}

void node_taints_change(struct conn *conn, const Berth__NodeControl *control)
{
    struct controller *ctl = conn->ctl;
    const char *by = users_name(ctl, conn_uid(conn));

    for (size_t i = 0; i < control->n_names; i++) {
        struct ctl_node *node = nodes_find(ctl, control->names[i]);

        for (size_t k = 0; k < control->n_taints; k++)
            change(ctl, node, control->taints[k], by ? by : "root");
        save(ctl, node);
    }
    ask_anew(ctl);
}

/* ------------------------------------------------------------------ looking */

int64_t node_taint_since(const struct ctl_node *node, const char *words)
{
    for (size_t i = 0; node->taints && i < node->taints->n_taints; i++)
        if (strcmp(node->taints->taints[i]->words, words) == 0)
            return node->taints->taints[i]->since;
    return 0;
}

char **node_taints_list_all(const struct controller *ctl, const struct ctl_node *node)
{
    char **list = pod_nodes_taints(ctl, node->index);

    if (node->mark)
        strv_add(&list, STATE_TAINT "unschedulable:NoSchedule");
    if (node->state == NODE_DOWN)
        strv_add(&list, STATE_TAINT "unreachable:NoExecute");
    else if (node->state != NODE_UP)
        strv_add(&list, STATE_TAINT "not-ready:NoSchedule");
    return list;
}
