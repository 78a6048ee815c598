/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_generate.c - berth-sim generate: synthetic workloads and clusters
 */
#include "sim/command.h"

#include "base/mem.h"
#include "config/config.h"
#include "sim/cluster_file.h"
#include "sim/trace.h"
#include "sim/workload.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct sim_usage usage = {
    .name = "generate",
    .synopsis = "berth-sim generate --procs N [options]\n"
                "       berth-sim generate --cluster --nodes N [options]",
    .about = "Writes a synthetic workload in the Standard Workload Format, or the\n"
             "berth.yaml of a made-up cluster. The same seed gives the same jobs.",
    .examples =
        "  berth-sim generate --jobs 100000 --procs 1024 --seed 7 --load 0.9 -o w.swf\n"
        "  berth-sim generate --cluster --nodes 10000 -o big.yaml\n"
        "  berth-sim generate --cluster --nodes 64 \\\n"
        "      --kind 'c:3:synthetic:pack:2 core:32 pu:1' --kind 'm:1:fat.xml'\n",
};

struct args {
    struct workload_options workload;
    struct cluster_options cluster;
    bool is_cluster;
    const char *output;
};

static int set_kind(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    (void)opt;
    return cluster_kind_parse(&((struct args *)ctx)->cluster, value, err);
}

#define NEEDED(name_, meta_, set_, member, help_)                           \
    {                                                                       \
        .name = (name_), .arg = OPT_NEEDED, .meta = (meta_), .set = (set_), \
        .offset = offsetof(struct args, member), .help = (help_)            \
    }

static const struct opt options[] = {
    NEEDED("jobs", "N", sim_opt_number, workload.jobs, "so many jobs (10000)"),
    NEEDED("procs", "N", sim_opt_count, workload.procs, "processors of the machine"),
    NEEDED("seed", "N", sim_opt_number, workload.seed, "another seed, other jobs (1)"),
    NEEDED("load", "X", sim_opt_real, workload.load,
           "offered load; 0.9 is work for 90 % of the machine (as the model has it)"),
    NEEDED("overestimate", "X", sim_opt_real, workload.overestimate,
           "requests are up to 1 + X times the run time; 0: exact (3)"),
    NEEDED("users", "N", sim_opt_count, workload.users, "so many users (64)"),
    {.name = "cluster",
     .set = opt_flag,
     .offset = offsetof(struct args, is_cluster),
     .help = "write a cluster, not a workload"},
    NEEDED("nodes", "N", sim_opt_count, cluster.nodes, "nodes of the cluster (128)"),
    NEEDED("nodes-per-leaf", "N", sim_opt_count, cluster.nodes_per_leaf,
           "nodes below one leaf switch (32)"),
    NEEDED("fanout", "N", sim_opt_count, cluster.fanout,
           "switches below one switch (16)"),
    {.name = "kind",
     .arg = OPT_NEEDED,
     .meta = "NAME:SHARE:TOPOLOGY",
     .set = set_kind,
     .help = "a kind of node and its share of them; may be repeated"},
    {.name = "output",
     .letter = 'o',
     .arg = OPT_NEEDED,
     .meta = "FILE",
     .set = opt_string,
     .offset = offsetof(struct args, output),
     .help = "write to FILE (standard output)"},
    SIM_OPTS_HELP,
    OPTS_END,
};

static int check(const struct args *args, struct err *err)
{
    if (args->is_cluster && args->cluster.nodes > CONFIG_NODES_MAX)
        return err_set(err, EINVAL,
                       "--nodes=%" PRIu32 ": a cluster has at most %d nodes",
                       args->cluster.nodes, CONFIG_NODES_MAX);
    if (args->is_cluster && args->cluster.fanout < 2)
        return err_set(err, EINVAL, "--fanout=1: a tree needs at least 2");
    if (args->is_cluster)
        return 0;
    if (args->workload.procs < 2)
        return err_set(err, EINVAL,
                       "--procs=N: say how many processors, at least 2 (or --cluster)");
    if (args->workload.jobs == 0 || args->workload.jobs > TRACE_JOBS_MAX)
        return err_set(err, EINVAL, "--jobs=%" PRIu64 ": from 1 to %d",
                       args->workload.jobs, TRACE_JOBS_MAX);
    if (args->workload.users > WORKLOAD_USERS_MAX)
        return err_set(err, EINVAL, "--users=%" PRIu32 ": at most %d",
                       args->workload.users, WORKLOAD_USERS_MAX);
    return 0;
}

static int write_to(const struct args *args, FILE *out, struct err *err)
{
    int rc = 0;

    if (args->is_cluster)
        rc = cluster_file_write(&args->cluster, out, err);
    else
        workload_write(&args->workload, out);
    if (rc == 0 && (fflush(out) != 0 || ferror(out)))
        rc = err_sys(err, errno, "%s", args->output ? args->output : "standard output");
    return rc;
}

static int write_out(const struct args *args, struct err *err)
{
    FILE *out = args->output ? fopen(args->output, "we") : stdout;
    int rc;

    if (!out)
        return err_sys(err, errno, "%s", args->output);
    rc = write_to(args, out, err);
    if (out != stdout && fclose(out) != 0 && rc == 0)
        rc = err_sys(err, errno, "%s", args->output);
    return rc;
}

static int generate(const struct args *args)
{
    struct err err;

    if (check(args, &err))
        return sim_fail(&usage, SIM_USAGE, "%s", err.text);
    if (write_out(args, &err))
        return sim_fail(&usage, SIM_FAILED, "%s", err.text);
    return SIM_OK;
}

int cmd_generate(int argc, char **argv)
{
    struct args args = {.workload = WORKLOAD_OPTIONS_DEFAULT,
                        .cluster = CLUSTER_OPTIONS_DEFAULT};
    int next, status = sim_parse(&usage, options, 0, argc, argv, &args, &next);

    if (status < 0 && next < argc)
        status = sim_fail(&usage, SIM_USAGE, "unexpected argument '%s'", argv[next]);
    if (status < 0)
        status = generate(&args);
    cluster_options_fini(&args.cluster);
    return status;
}
