/* SPDX-License-Identifier: Apache-2.0
 *
 * cluster_file.c - nodes by kind, and the tree of switches over them
 */
#include "sim/cluster_file.h"

#include "base/mem.h"
#include "config/config.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const default_kinds[] = {
    "cpu:80:synthetic:pack:2 numa:4 l3:2 core:8 pu:1",
    "fat:15:synthetic:pack:4 numa:2 l3:2 core:8 pu:1",
    "gpu:5:synthetic:pack:2 numa:1 l3:4 core:8 pu:1",
};

int cluster_kind_parse(struct cluster_options *options, const char *text,
                       struct err *err)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const size_t len = strcspn(text, ":");
    char *end;
    double share;

    if (len == 0 || len > 32 || text[len] != ':' || strspn(text, letters) != len)
        return err_set(err, EINVAL,
                       "'%s' is not NAME:SHARE:TOPOLOGY with a name of letters", text);
    share = strtod(text + len + 1, &end);
    if (*end != ':' || !(share > 0 && share < 1e6) || end[1] == '\0' ||
        strpbrk(end + 1, "\"\\\n"))
        return err_set(err, EINVAL, "'%s' is not NAME:SHARE:TOPOLOGY, as in %s", text,
                       default_kinds[0]);
    if (options->n_kinds == CLUSTER_KINDS_MAX)
        return err_set(err, EINVAL, "more than %d kinds", CLUSTER_KINDS_MAX);
    options->kinds[options->n_kinds++] =
        (struct cluster_kind){xstrndup(text, len), share, xstrdup(end + 1)};
    return 0;
}

void cluster_options_fini(struct cluster_options *options)
{
    for (size_t i = 0; i < options->n_kinds; i++) {
        free(options->kinds[i].name);
        free(options->kinds[i].topology);
    }
    options->n_kinds = 0;
}

/* How many nodes each kind gets: the first ones' shares are rounded so that the
 * sum is right. */
static void share_out(const struct cluster_kind *kinds, size_t n, uint32_t nodes,
                      uint32_t *ret_counts)
{
    double sum = 0, so_far = 0;
    uint32_t given = 0;

    for (size_t i = 0; i < n; i++)
        sum += kinds[i].share;
    for (size_t i = 0; i < n; i++) {
        so_far += kinds[i].share;
        ret_counts[i] = (uint32_t)llround(nodes * so_far / sum) - given;
        given += ret_counts[i];
    }
}

static uint32_t ceil_div(uint32_t a, uint32_t b)
{
    return (a + b - 1) / b;
}

static uint32_t count_leaves(const uint32_t *counts, size_t n, uint32_t per_leaf)
{
    uint32_t leaves = 0;

    for (size_t i = 0; i < n; i++)
        leaves += ceil_div(counts[i], per_leaf);
    return leaves;
}

static uint32_t count_switches(uint32_t leaves, uint32_t fanout)
{
    uint32_t sum = leaves;

    for (; leaves > 1; sum += leaves)
        leaves = ceil_div(leaves, fanout);
    return sum;
}

static void write_nodes(const struct cluster_kind *kinds, size_t n,
                        const uint32_t *counts, FILE *out)
{
    (void)fputs("nodes:\n", out);
    for (size_t i = 0; i < n; i++)
        if (counts[i] > 0)
            (void)fprintf(out,
                          "  - names: \"%s[1-%" PRIu32 "]\"\n    topology: \"%s\"\n",
                          kinds[i].name, counts[i], kinds[i].topology);
}

static void write_leaves(const struct cluster_kind *kinds, size_t n,
                         const uint32_t *counts, uint32_t per_leaf, FILE *out)
{
    uint32_t leaf = 1;

    for (size_t i = 0; i < n; i++)
        for (uint32_t first = 1; first <= counts[i]; first += per_leaf, leaf++) {
            const uint32_t left = counts[i] - first;

            (void)fprintf(out,
                          "  - {name: leaf%" PRIu32 ", nodes: \"%s[%" PRIu32 "-%" PRIu32
                          "]\"}\n",
                          leaf, kinds[i].name, first,
                          first + (left < per_leaf ? left : per_leaf - 1));
        }
}

/* The switches over 'below' of the level called "leaf", or "l2", "l3", ... */
static void write_levels(uint32_t below, uint32_t fanout, FILE *out)
{
    char name[16] = "leaf";

    for (unsigned int level = 2; below > 1; level++) {
        const uint32_t here = ceil_div(below, fanout);

        for (uint32_t i = 0; i < here; i++) {
            const uint32_t first = i * fanout + 1;
            const uint32_t last =
                first + fanout - 1 < below ? first + fanout - 1 : below;

            (void)fprintf(out,
                          "  - {name: level%u-%" PRIu32 ", switches: \"%s[%" PRIu32
                          "-%" PRIu32 "]\"}\n",
                          level, i + 1, name, first, last);
        }
        (void)snprintf(name, sizeof(name), "level%u-", level);
        below = here;
    }
}

static int write_file(const struct cluster_options *options, FILE *out, struct err *err)
{
    const struct cluster_kind *kinds = options->kinds;
    const size_t n = options->n_kinds;
    uint32_t counts[CLUSTER_KINDS_MAX], leaves, switches;

    share_out(kinds, n, options->nodes, counts);
    leaves = count_leaves(counts, n, options->nodes_per_leaf);
    switches = count_switches(leaves, options->fanout);
    if (switches > CONFIG_GROUPS_MAX)
        return err_set(err, ERANGE,
                       "--nodes-per-leaf=%" PRIu32 ": %" PRIu32 " switches for %" PRIu32
                       " nodes, a configuration has at most %d",
                       options->nodes_per_leaf, switches, options->nodes,
                       CONFIG_GROUPS_MAX);
    (void)fprintf(out,
                  "# Made by berth-sim generate --cluster: %" PRIu32 " nodes, %" PRIu32
                  " switches.\ncluster: synthetic\n",
                  options->nodes, switches);
    write_nodes(kinds, n, counts, out);
    (void)fputs("switches:\n", out);
    write_leaves(kinds, n, counts, options->nodes_per_leaf, out);
    write_levels(leaves, options->fanout, out);
    return 0;
}

int cluster_file_write(const struct cluster_options *options, FILE *out,
                       struct err *err)
{
    struct cluster_options settled = *options;
    int rc;

    if (options->n_kinds > 0)
        return write_file(options, out, err);
    for (size_t i = 0; i < ARRAY_SIZE(default_kinds); i++)
        BUG_ON(cluster_kind_parse(&settled, default_kinds[i], NULL));
    rc = write_file(&settled, out, err);
    cluster_options_fini(&settled);
    return rc;
}
