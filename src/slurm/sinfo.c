/* SPDX-License-Identifier: Apache-2.0
 *
 * sinfo.c - sinfo: partitions and their nodes, equal ones on one line
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/say.h"
#include "slurm/node_json.h"
#include "slurm/node_group.h"
#include "slurm/repeat.h"
#include "slurm/rows.h"
#include "slurm/slurm.h"

#define FORMAT_SHORT "%9P %.5a %.10l %.6D %.6t %N"
#define FORMAT_LONG "%9P %.5a %.10l %.10s %.4r %.8h %.10g %.6D %.11T %N"
#define FORMAT_SUMMARY "%9P %.5a %.10l %.16F %N"
#define FORMAT_NODES "%8N %.6D %.9P %6t"
#define FORMAT_NODES_LONG "%8N %.6D %.9P %.11T %4c %.8z %.6m %.8d %.6w %.8f %20E"
#define FORMAT_REASONS "%20E %9u %19H %N"
#define FORMAT_REASONS_LONG "%20E %12U %19H %6t %N"

struct sinfo_args {
    struct slurm_common common;
    const char *format, *long_format, *nodes, *partitions, *states;
    bool bare, is_long, by_node, summary, reasons, dead, responding, exact;
    bool reservations, ignored;
    enum json_form form;
    const char *order;
    uint32_t iterate;
};

static const struct slurm_usage usage = {
    .synopsis = "sinfo [-dehlNRrs] [-i seconds] [-t states] [-p partition] [-n nodes]\n"
                "             [-o format] [-O fields]",
    .about = "List partitions and the states of their nodes.",
};

#define MEMBER(m) offsetof(struct sinfo_args, m)
static const struct opt opts[] = {
    FLAG("all", 'a', ignored, "partitions are never hidden: no change"),
    FLAG("dead", 'd', dead, "only nodes that do not respond"),
    FLAG("exact", 'e', exact, "only nodes with the same hardware on one line"),
    FLAG("federation", 0, ignored, NULL),
    TEXT("format", 'o', "FORMAT", format, "columns: '%P %D %t %N'"),
    TEXT("Format", 'O', "FIELDS", long_format, "columns by name: partition,nodes"),
    FLAG("hide", 0, ignored, NULL),
    {"iterate", 'i', OPT_NEEDED, "SECONDS", repeat_set, MEMBER(iterate), 0,
     "again and again", 0},
    {"json", 0, OPT_NONE, NULL, json_set_form, MEMBER(form), 0, "print JSON", 0},
    FLAG("list-reasons", 'R', reasons, "why nodes are kept from work"),
    FLAG("local", 0, ignored, NULL),
    FLAG("long", 'l', is_long, "more columns"),
    FLAG("Node", 'N', by_node, "a line for each node and partition"),
    FLAG("noconvert", 0, ignored, NULL),
    FLAG("noheader", 'h', bare, "no first line"),
    TEXT("nodes", 'n', "HOSTS", nodes, "only these nodes"),
    TEXT("partition", 'p', "NAMES", partitions, "only these partitions"),
    FLAG("reservation", 'T', reservations, "reservations instead"),
    FLAG("responding", 'r', responding, "only nodes that respond"),
    TEXT("sort", 'S', "FIELDS", order, "accepted; lines are in the usual order"),
    TEXT("states", 't', "STATES", states, "only nodes in these states"),
    FLAG("summarize", 's', summary, "a line for each partition"),
    {"yaml", 0, OPT_NONE, NULL, json_set_form, MEMBER(form), 0, "print YAML", 0},
    SLURM_OPTS(struct sinfo_args, common, 0),
    OPTS_END,
};

struct sinfo {
    const struct sinfo_args *args;
    struct berth *berth;
    char *cluster;
    char **nodes, **partitions, **states;
    struct format format;
};

static void sinfo_fini(struct sinfo *s)
{
    strv_free(s->nodes);
    strv_free(s->partitions);
    strv_free(s->states);
    format_fini(&s->format);
    berth_close(s->berth);
    free(s->cluster);
}

/* ------------------------------------------------------------------ what is meant */

static const char *usual_format(const struct sinfo_args *args)
{
    if (args->reasons)
        return args->is_long ? FORMAT_REASONS_LONG : FORMAT_REASONS;
    if (args->by_node)
        return args->is_long ? FORMAT_NODES_LONG : FORMAT_NODES;
    if (args->summary)
        return FORMAT_SUMMARY;
    return args->is_long ? FORMAT_LONG : FORMAT_SHORT;
}

static int read_format(struct sinfo *s, struct err *err)
{
    const struct sinfo_args *args = s->args;
    const char *format = args->format;

    if (args->long_format && !format)
        return format_parse_long(&group_fields, args->long_format, &s->format, err);
    if (!format && !args->is_long && !args->by_node && !args->summary && !args->reasons)
        format = getenv("SINFO_FORMAT");
    format_parse(&group_fields, format ? format : usual_format(args), &s->format);
    if (s->format.unknown)
        fprintf(stderr, "Invalid node format specification: %s\n", s->format.unknown);
    return 0;
}

static int read_filters(struct sinfo *s, struct err *err)
{
    const struct sinfo_args *args = s->args;

    if (args->nodes && hostlist_expand(args->nodes, &s->nodes, err))
        return -EINVAL;
    s->partitions = args->partitions ? strv_split(args->partitions, ", ") : NULL;
    s->states = args->states ? strv_split(args->states, ",& ") : NULL;
    strv_foreach (state, s->states)
        if (!node_state_exists(*state))
            return err_set(err, EINVAL, "Bad state string: \"%.40s\"", *state);
    return 0;
}

static bool is_wanted(const Berth__NodeInfo *node, const void *ctx)
{
    const struct sinfo *s = ctx;
    bool found = strv_len(s->states) == 0;

    strv_foreach (state, s->states)
        found |= node_is_in(node, *state);
    if (!found || (s->nodes && !strv_has(s->nodes, node->name)))
        return false;
    if (s->args->reasons && strcmp(node_reason(node), "none") == 0)
        return false;
    if (s->args->dead)
        return node->is_silent;
    return !s->args->responding || !node->is_silent;
}

/* ------------------------------------------------------------------ listing */

static void print_first_lines(const struct sinfo *s)
{
    struct strbuf line = STRBUF_INIT;

    if (s->cluster)
        printf("CLUSTER: %s\n", s->cluster);
    if (!s->args->bare) {
        format_header(&s->format, &line);
        printf("%s\n", line.s ? line.s : "");
    }
    strbuf_fini(&line);
}

/* The first column of -N grows with the names: Slurm's sinfo does so, too. */
static void widen(struct sinfo *s, const struct node_groups *groups)
{
    for (size_t i = 0; i < s->format.n; i++) {
        struct format_item *item = &s->format.items[i];

        if (item->field && item->field->letter == 'N' && s->args->by_node &&
            !s->args->format)
            item->width = -(int)node_groups_width(groups);
    }
}

static int print_once(void *ctx)
{
    struct sinfo *s = ctx;
    cleanup(site_fini) struct site site = {0};
    cleanup(node_groups_fini) struct node_groups groups = {.site = &site};
    struct node_grouping how = {.format = &s->format,
                                .by_node = s->args->by_node,
                                .with_empty = !s->args->by_node && !s->args->reasons,
                                .exact = s->args->exact,
                                .partitions = s->partitions,
                                .is_wanted = is_wanted,
                                .ctx = s};

    if (site_load(s->berth, NULL, 0, &site))
        return SLURM_FAILED;
    if (s->args->form) {
        node_json_print(&site, s->args->form);
        return SLURM_OK;
    }
    if (s->args->is_long || s->args->iterate)
        repeat_print_moment();
    node_groups_make(&groups, &how);
    widen(s, &groups);
    print_first_lines(s);
    node_groups_print(&groups, &s->format);
    return SLURM_OK;
}

static int run(struct sinfo *s)
{
    struct err err;

    if (s->args->reservations)
        return slurm_bad_usage("-T: 'scontrol show reservation' lists them");
    if (read_filters(s, &err) || read_format(s, &err)) {
        say_error("%s", err.text);
        return SLURM_FAILED;
    }
    if (slurm_open(&s->berth) ||
        slurm_cluster(s->berth, s->args->common.clusters, &s->cluster))
        return SLURM_FAILED;
    return repeat(s->args->iterate, print_once, s);
}

int slurm_sinfo(int argc, char **argv)
{
    struct sinfo_args args = {.bare = false};
    struct sinfo s = {.args = &args};
    int next, status;

    status = slurm_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &args.common,
                         &next);
    if (status >= 0)
        return status;
    status = run(&s);
    sinfo_fini(&s);
    return status;
}
