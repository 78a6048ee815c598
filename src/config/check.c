/* SPDX-License-Identifier: Apache-2.0
 *
 * check.c - what the parts of a configuration must be to each other
 */
#include "config/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "base/units.h"

/* "SERVER:/PATH=/DIR[:rw]" */
static bool is_nfs_mount(const char *text)
{
    const char *path = strstr(text, ":/");
    const char *dir = path ? strstr(path, "=/") : NULL;

    return path && path != text && dir;
}

/* SERVER:/PATH, with a mode behind it or not. */
static bool is_export(const char *text)
{
    const char *path = strstr(text, ":/");

    return path && path != text && !strchr(text, '=') && !strstr(path, "/../");
}

static int check_exports(const struct config *c, struct err *err)
{
    cleanup(strv_freep) char **exports =
        c->pods.nfs ? strv_split(c->pods.nfs, ",") : NULL;

    strv_foreach (export, exports) {
        if (!is_export(*export))
            return config_refuse(c, config_line_of(c, "pods.nfs"), err,
                                 "pods.nfs: '%.64s' is not SERVER:/PATH[:rw]", *export);
    }
    return 0;
}

static int check_pods(const struct config *c, struct err *err)
{
    cleanup(strv_freep) char **mounts =
        c->pods.nfs_mounts ? strv_split(c->pods.nfs_mounts, ",") : NULL;

    strv_foreach (mount, mounts) {
        if (!is_nfs_mount(*mount))
            return config_refuse(c, config_line_of(c, "pods.nfs_mounts"), err,
                                 "pods.nfs_mounts: '%.64s' is not "
                                 "SERVER:/PATH=/DIRECTORY[:rw]",
                                 *mount);
    }
    return check_exports(c, err);
}

int config_check_values(const struct config *c, struct err *err)
{
    if (c->node.lost_after < 2 * c->node.heartbeat)
        return config_refuse(
            c, config_line_of(c, "node.lost_after"), err,
            "node.lost_after: %us must be at least twice node.heartbeat "
            "(%us)",
            c->node.lost_after, c->node.heartbeat);
    if (!c->controller.state_dir || !c->node.state_dir || !c->node.run_dir)
        return config_refuse(
            c, 0, err,
            "controller.state_dir, node.state_dir and node.run_dir must "
            "not be empty");
    if (!c->image.store || !c->image.user_store)
        return config_refuse(c, 0, err,
                             "image.store and image.user_store must not be empty");
    return check_pods(c, err);
}

static int check_known_nodes(const struct config *c, unsigned int line, const char *key,
                             const char *hosts, struct err *err)
{
    cleanup(strv_freep) char **names = NULL;
    int r = hostlist_expand(hosts, &names, err);

    if (r < 0)
        return r;
    strv_foreach (name, names) {
        cleanup(freep) char *hint = NULL;

        if (config_node_by_name(c, *name))
            continue;
        hint = config_nearest_node(c, *name);
        return config_refuse(c, line, err, "%s: there is no node %.64s%s", key, *name,
                             hint);
    }
    return 0;
}

static int check_times(const struct config *c, struct config_partition *p,
                       struct err *err)
{
    bool limited = p->time_max != TIME_UNLIMITED;

    if (!p->time_default)
        p->time_default = p->time_max;
    if (limited && (p->time_default == TIME_UNLIMITED || p->time_default > p->time_max))
        return config_refuse(c, p->line, err,
                             "partitions[].time_default: is longer than time_max");
    return 0;
}

static int check_partition(const struct config *c, size_t at, struct err *err)
{
    struct config_partition *p = &c->partitions[at];

    for (size_t i = 0; i < at; i++) {
        const struct config_partition *q = &c->partitions[i];

        if (strcmp(q->name, p->name) == 0)
            return config_refuse(
                c, p->line, err,
                "partitions[].name: %s is named twice, first in line %u", p->name,
                q->line);
        if (q->is_default && p->is_default)
            return config_refuse(c, p->line, err,
                                 "partitions[].default: %s and %s cannot both be the "
                                 "default",
                                 q->name, p->name);
    }
    if (!p->nodes)
        return config_refuse(c, p->line, err, "partitions[].nodes: must not be empty");
    if (p->max_nodes && p->max_nodes < p->min_nodes)
        return config_refuse(c, p->line, err,
                             "partitions[].max_nodes: %u is less than min_nodes (%u)",
                             p->max_nodes, p->min_nodes);
    if (check_times(c, p, err) < 0)
        return -EINVAL;
    if (strcmp(p->nodes, "ALL") == 0)
        return 0;
    return check_known_nodes(c, p->line, "partitions[].nodes", p->nodes, err);
}

/* Without any partition all nodes are one. */
static void add_partition(struct config *c)
{
    free(c->partitions);
    c->partitions = xcalloc(1, sizeof(*c->partitions));
    c->n_partitions = 1;
    c->partitions[0] = (struct config_partition){
        .name = xstrdup("batch"),
        .nodes = xstrdup("ALL"),
        .is_default = true,
        .up = true,
        .time_default = TIME_UNLIMITED,
        .time_max = TIME_UNLIMITED,
        .priority = 1,
        .min_nodes = 1,
    };
}

int config_check_partitions(struct config *c, struct err *err)
{
    bool has_default = false;

    if (!c->n_partitions)
        add_partition(c);
    for (size_t i = 0; i < c->n_partitions; i++) {
        int r = check_partition(c, i, err);

        if (r < 0)
            return r;
        has_default |= c->partitions[i].is_default;
    }
    if (!has_default)
        c->partitions[0].is_default = true;
    return 0;
}

static size_t switch_index(const struct config *c, const char *name)
{
    size_t i = 0;

    while (i < c->n_switches && strcmp(c->switches[i].name, name) != 0)
        i++;
    return i;
}

static int no_such_switch(const struct config *c, const struct config_switch *s,
                          const char *name, struct err *err)
{
    cleanup(freep) const char **names = xcalloc(c->n_switches, sizeof(*names));
    const char *near;

    for (size_t i = 0; i < c->n_switches; i++)
        names[i] = c->switches[i].name;
    near = nearest_name(name, names, c->n_switches);
    return config_refuse(
        c, s->line, err, "switches[].switches: there is no switch %.64s%s%s%s", name,
        near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Note in 'parents' what hangs from switch 'at'. */
static int adopt_switches(const struct config *c, size_t at, size_t *parents,
                          struct err *err)
{
    const struct config_switch *s = &c->switches[at];
    cleanup(strv_freep) char **names = NULL;
    int r = s->switches ? hostlist_expand(s->switches, &names, err) : 0;

    if (r < 0)
        return r;
    strv_foreach (name, names) {
        size_t child = switch_index(c, *name);

        if (child == c->n_switches)
            return no_such_switch(c, s, *name, err);
        if (parents[child] != SIZE_MAX)
            return config_refuse(c, s->line, err,
                                 "switches[].switches: %s hangs from %s already", *name,
                                 c->switches[parents[child]].name);
        parents[child] = at;
    }
    return 0;
}

static int adopt_nodes(const struct config *c, size_t at, size_t *leaves,
                       struct err *err)
{
    const struct config_switch *s = &c->switches[at];
    cleanup(strv_freep) char **names = NULL;
    int r = check_known_nodes(c, s->line, "switches[].nodes", s->nodes, err);

    if (r == 0)
        r = hostlist_expand(s->nodes, &names, err);
    if (r < 0)
        return r;
    strv_foreach (name, names) {
        size_t node = (size_t)(config_node_by_name(c, *name) - c->nodes);

        if (leaves[node] != SIZE_MAX)
            return config_refuse(c, s->line, err,
                                 "switches[].nodes: %s hangs from %s already", *name,
                                 c->switches[leaves[node]].name);
        leaves[node] = at;
    }
    return 0;
}

static int check_switch(const struct config *c, size_t at, size_t *parents,
                        size_t *leaves, struct err *err)
{
    const struct config_switch *s = &c->switches[at];
    size_t first = switch_index(c, s->name);
    int r;

    if (first != at)
        return config_refuse(c, s->line, err,
                             "switches[].name: %s is named twice, first in line %u",
                             s->name, c->switches[first].line);
    if (!s->nodes && !s->switches)
        return config_refuse(
            c, s->line, err,
            "switches[].nodes: nothing hangs from %s, give it nodes or "
            "switches",
            s->name);
    r = adopt_switches(c, at, parents, err);
    if (r == 0 && s->nodes)
        r = adopt_nodes(c, at, leaves, err);
    return r;
}

static int check_loops(const struct config *c, const size_t *parents, struct err *err)
{
    for (size_t i = 0; i < c->n_switches; i++) {
        size_t at = parents[i];

        for (size_t steps = 0; at != SIZE_MAX && steps < c->n_switches; steps++) {
            if (at == i)
                return config_refuse(c, c->switches[i].line, err,
                                     "switches[].switches: %s hangs from itself, by a "
                                     "loop",
                                     c->switches[i].name);
            at = parents[at];
        }
    }
    return 0;
}

int config_check_switches(const struct config *c, struct err *err)
{
    cleanup(freep) size_t *parents = xcalloc(c->n_switches, sizeof(*parents));
    cleanup(freep) size_t *leaves = xcalloc(c->n_nodes, sizeof(*leaves));
    int r = 0;

    memset(parents, 0xff, c->n_switches * sizeof(*parents));
    memset(leaves, 0xff, c->n_nodes * sizeof(*leaves));
    for (size_t i = 0; i < c->n_switches && r == 0; i++)
        r = check_switch(c, i, parents, leaves, err);
    return r < 0 ? r : check_loops(c, parents, err);
}
