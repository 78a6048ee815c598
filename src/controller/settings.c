/* SPDX-License-Identifier: Apache-2.0
 *
 * settings.c - from the configuration to the scheduler
 */
#include "controller/settings.h"

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "controller/fate.h"
#include "controller/nodes.h"
#include "controller/pods/pod_nodes.h"
#include "spec/licence_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ options */

static struct sched_policy policy_of(const struct config *config)
{
    static const char *const names[] = {[CONFIG_POLICY_DEFAULT] = "default",
                                        [CONFIG_POLICY_FIFO] = "fifo",
                                        [CONFIG_POLICY_EASY] = "easy",
                                        [CONFIG_POLICY_CONSERVATIVE] = "conservative",
                                        [CONFIG_POLICY_HYBRID] = "hybrid"};
    struct sched_policy policy = {0};

    BUG_ON(sched_policy_named(names[config->scheduling.policy], &policy, NULL));
    if (config->scheduling.policy == CONFIG_POLICY_HYBRID)
        policy.promises = config->scheduling.promises;
    return policy;
}

static enum qos_preempt mode_of(const struct config *config,
                                enum config_preempt_mode mode)
{
    if (mode == CONFIG_MODE_CLUSTER)
        mode = config->scheduling.preempt_mode;
    switch (mode) {
    case CONFIG_MODE_SUSPEND:
        return QOS_PREEMPT_SUSPEND;
    case CONFIG_MODE_CANCEL:
        return QOS_PREEMPT_CANCEL;
    case CONFIG_MODE_NONE:
        return QOS_PREEMPT_NONE;
    case CONFIG_MODE_CLUSTER:
    case CONFIG_MODE_REQUEUE:
        break;
    }
    return QOS_PREEMPT_REQUEUE;
}

static enum sched_preempt preempt_of(const struct config *config)
{
    switch (config->scheduling.preempt) {
    case CONFIG_PREEMPT_QOS:
        return SCHED_PREEMPT_QOS;
    case CONFIG_PREEMPT_PARTITION:
        return SCHED_PREEMPT_PARTITION;
    case CONFIG_PREEMPT_OFF:
        break;
    }
    return SCHED_PREEMPT_NONE;
}

static struct sched_options options_of(struct controller *ctl)
{
    const struct config *config = ctl->config;
    struct sched_options options = sched_options_default;
    int64_t window = config->scheduling.backfill_window;

    options.policy = policy_of(config);
    options.weights =
        (struct sched_weights){.age = config->scheduling.weight_age,
                               .size = config->scheduling.weight_size,
                               .fairshare = config->scheduling.weight_fairshare,
                               .qos = config->scheduling.weight_qos,
                               .partition = config->scheduling.weight_partition,
                               .slowdown = config->scheduling.weight_slowdown};
    options.age_max = config->scheduling.age_max;
    if (window != TIME_UNLIMITED)
        options.window = window;
    options.preempt = preempt_of(config);
    options.preempt_mode = mode_of(config, CONFIG_MODE_CLUSTER);
    options.place.switch_levels = config->scheduling.w_switch;
    options.place.fragmentation = config->scheduling.w_fragmentation;
    options.place.packages = config->scheduling.w_package;
    options.place.numa = config->scheduling.w_numa;
    options.place.l3 = config->scheduling.w_l3;
    options.place.image = config->scheduling.w_image;
    options.assoc = ctl->assoc;
    options.fate = fate_of_job;
    options.fate_ctx = ctl;
    return options;
}

/* ------------------------------------------------------------------ partitions */

static int partition_nodes(const struct controller *ctl, const char *list,
                           struct bitset **ret, struct err *err)
{
    cleanup(strv_freep) char **names = NULL;
    int rc;

    *ret = bitset_create(ctl->config->n_nodes);
    if (strcmp(list, "ALL") == 0) {
        bitset_set_range(*ret, 0, ctl->config->n_nodes);
        return 0;
    }
    rc = hostlist_expand(list, &names, err);
    if (rc)
        return rc;
    strv_foreach (name, names) {
        const struct ctl_node *node = nodes_find(ctl, *name);

        if (!node)
            return err_set(err, EINVAL, "there is no node '%s'", *name);
        bitset_set(*ret, node->index);
    }
    return 0;
}

static struct sched_partition partition_of(const struct config *config,
                                           const struct config_partition *from,
                                           const struct bitset *nodes)
{
    return (struct sched_partition){.name = from->name,
                                    .nodes = nodes,
                                    .time_max = from->time_max,
                                    .up = from->up,
                                    .priority = (int32_t)from->priority,
                                    .tier = (int32_t)from->priority,
                                    .preempt = mode_of(config, from->preempt_mode),
                                    .grace = config->node.kill_grace,
                                    .qos = from->qos && *from->qos ? from->qos : NULL,
                                    .nodes_min = from->min_nodes,
                                    .nodes_max = from->max_nodes,
                                    .exclusive = from->oversubscribe ==
                                                 CONFIG_OVERSUBSCRIBE_EXCLUSIVE};
}

static int make_partitions(struct controller *ctl, struct sched_partition *partitions,
                           struct err *err)
{
    const struct config *config = ctl->config;
    struct bitset **sets = xcalloc(config->n_partitions, sizeof(*sets));
    int rc = 0;

    ctl->partition_nodes = sets;
    for (size_t i = 0; rc == 0 && i < config->n_partitions; i++) {
        const struct config_partition *from = &config->partitions[i];

        rc = partition_nodes(ctl, from->nodes, &sets[i], err);
        if (rc)
            (void)err_wrap(err, "partition %s", from->name);
        partitions[i] = partition_of(config, from, sets[i]);
    }
    return rc;
}

/* ------------------------------------------------------------------ features */

static bool has_feature(const struct config_node *node, const char *feature)
{
    cleanup(strv_freep) char **names =
        node->features ? strv_split(node->features, ",") : NULL;

    return strv_has(names, feature);
}

static void set_feature(struct controller *ctl, const char *feature)
{
    struct bitset *nodes = bitset_create(ctl->config->n_nodes);

    for (size_t i = 0; i < ctl->config->n_nodes; i++)
        if (has_feature(&ctl->config->nodes[i], feature))
            bitset_set(nodes, i);
    sched_feature_set(ctl->sched, feature, nodes);
    bitset_destroy(nodes);
}

/* Nodes of one line of the configuration share their text, mostly. */
static void make_features(struct controller *ctl)
{
    cleanup(strv_freep) char **known = NULL;
    const char *last = NULL;

    for (size_t i = 0; i < ctl->config->n_nodes; i++) {
        const char *text = ctl->config->nodes[i].features;
        cleanup(strv_freep) char **names = NULL;

        if (!text || (last && strcmp(text, last) == 0))
            continue;
        last = text;
        names = strv_split(text, ",");
        strv_foreach (name, names) {
            if (!**name || strv_has(known, *name))
                continue;
            strv_add(&known, *name);
            set_feature(ctl, *name);
        }
    }
}

static int make_licences(struct controller *ctl, struct err *err)
{
    cleanup(licence_spec_fini) struct licence_spec spec = {0};
    const char *text = ctl->config->licences;
    int rc = text && *text ? licence_spec_parse(text, &spec, err) : 0;

    if (rc)
        return err_wrap(err, "licences");
    for (size_t i = 0; i < spec.n; i++)
        sched_licence_set(ctl->sched, spec.items[i].name, spec.items[i].count);
    return 0;
}

/* ------------------------------------------------------------------ all of it */

static struct switch_def *switch_defs(const struct config *config)
{
    struct switch_def *defs = xcalloc(config->n_switches, sizeof(*defs));

    for (size_t i = 0; i < config->n_switches; i++)
        defs[i] = (struct switch_def){.name = config->switches[i].name,
                                      .switches = config->switches[i].switches,
                                      .nodes = config->switches[i].nodes};
    return defs;
}

int settings_make_sched(struct controller *ctl, struct err *err)
{
    const struct config *config = ctl->config;
    struct sched_options options = options_of(ctl);
    cleanup(freep) const char **names = xcalloc(config->n_nodes, sizeof(*names));
    cleanup(freep) struct switch_def *defs = switch_defs(config);
    cleanup(freep) struct sched_partition *partitions =
        xcalloc(config->n_partitions, sizeof(*partitions));
    int rc;

    for (size_t i = 0; i < config->n_nodes; i++)
        names[i] = config->nodes[i].name;
    rc = make_partitions(ctl, partitions, err);
    if (rc == 0)
        rc = pod_nodes_create(ctl, err);
    if (rc == 0)
        options.company = pod_nodes_company(ctl);
    if (rc == 0)
        rc = switch_tree_build(defs, config->n_switches, names, config->n_nodes,
                               &ctl->tree, err);
    if (rc == 0)
        rc = sched_create(&options, defs, config->n_switches, names, config->n_nodes,
                          partitions, config->n_partitions, &ctl->sched, err);
    if (rc)
        return rc;
    make_features(ctl);
    return make_licences(ctl, err);
}
