/* SPDX-License-Identifier: Apache-2.0
 *
 * bind_setters.c - what tasks are bound to, and how they are dealt out
 *
 * Texts are checked here and go on as they were said; what they mean for placement
 * is said beside them.
 */
#include "options/job_args.h"

#include "base/hostlist.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "options/hostfile.h"
#include "spec/bind_spec.h"
#include "spec/distribution_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOSTFILE_MAX (16u << 20)

/* The domain that placement should keep a task's cores in. */
static const char *domain_of(enum bind_kind kind)
{
    switch (kind) {
    case BIND_TO_NONE:
    case BIND_TO_BOARDS:
        return "none";
    case BIND_TO_L3:
        return "l3";
    case BIND_TO_LDOMS:
        return "numa";
    case BIND_TO_SOCKETS:
        return "package";
    case BIND_TO_OWN:
    case BIND_TO_RANK:
    case BIND_TO_MAP:
    case BIND_TO_MASK:
    case BIND_TO_THREADS:
    case BIND_TO_CORES:
    case BIND_TO_RANK_LDOM:
    case BIND_TO_MAP_LDOM:
    case BIND_TO_MASK_LDOM:
    case BIND_TO_LOCAL:
    case BIND_TO_CLOSEST:
    case BIND_TO_SINGLE:
    case BIND_TO_PER_TASK:
        break;
    }
    return "core";
}

int set_bind(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    cleanup(bind_spec_fini) struct bind_spec spec = {.kind = BIND_TO_OWN};
    int rc = cpu_bind_parse(value, &spec, err);

    (void)opt;
    if (rc)
        return rc;
    spec_take_string(&args->spec->cpu_bind, xstrdup(value));
    if (spec.kind != BIND_TO_OWN)
        spec_take_string(&args->spec->bind, xstrdup(domain_of(spec.kind)));
    return 0;
}

int set_mem_bind(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    cleanup(bind_spec_fini) struct bind_spec spec = {.kind = BIND_TO_OWN};
    int rc = mem_bind_parse(value, &spec, err);

    (void)opt;
    if (!rc)
        spec_take_string(&args->spec->mem_bind, xstrdup(value));
    return rc;
}

/* --tres-bind says the same with "gres/gpu:" before it, old scripts with "gpu:". */
int set_gpu_bind(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    cleanup(bind_spec_fini) struct bind_spec spec = {.kind = BIND_TO_OWN};
    const char *text = value;
    int rc;

    (void)opt;
    if (strncmp(text, "gres/", 5) == 0)
        text += 5;
    if (strncmp(text, "gpu:", 4) == 0)
        text += 4;
    rc = gpu_bind_parse(text, &spec, err);
    if (!rc)
        spec_take_string(&args->spec->gpu_bind, xstrdup(text));
    return rc;
}

int set_distribution(const struct opt *opt, const char *value, void *ctx,
                     struct err *err)
{
    struct job_args *args = ctx;
    struct distribution_spec spec;
    int rc = distribution_parse(value, &spec, err);

    (void)opt;
    if (!rc)
        spec_take_string(&args->spec->distribution, xstrdup(value));
    return rc;
}

int set_hint(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    static const struct {
        const char *word;
        uint32_t threads, tasks_per_socket;
    } hints[] = {
        {"compute_bound", 1, 0},
        {"memory_bound", 1, 1}, /* one core of each socket */
        {"multithread", 0, 0},
        {"nomultithread", 1, 0},
    };
    struct job_args *args = ctx;

    (void)opt;
    for (size_t i = 0; i < ARRAY_SIZE(hints); i++) {
        if (strcmp(value, hints[i].word) != 0)
            continue;
        args->spec->threads_per_core = hints[i].threads;
        if (hints[i].tasks_per_socket)
            args->spec->tasks_per_socket = hints[i].tasks_per_socket;
        spec_take_string(&args->spec->hint, xstrdup(value));
        return 0;
    }
    return err_set(err, EINVAL,
                   "'%s' is none of compute_bound, memory_bound, multithread and "
                   "nomultithread",
                   value);
}

/* "2:8:1", each may be '*': sockets of a node and cores of a socket are what nodes
 * have, processors of a core what is used of them. */
int set_node_info(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    cleanup(strv_freep) char **parts = strv_split(value, ":");
    size_t n = strv_len(parts);

    if (n == 0 || n > 3)
        return err_set(err, EINVAL, "'%s' is not sockets[:cores[:threads]]", value);
    for (size_t i = 0; i < n; i++) {
        int64_t number = 0;
        int rc = strcmp(parts[i], "*") == 0
                     ? 0
                     : number_parse(parts[i], 1, UINT16_MAX, &number, err);

        if (rc)
            return rc;
        if (i == 2)
            args->spec->threads_per_core = (uint32_t)number;
        else if (number)
            job_args_warn(args,
                          "--%s: nodes are not chosen by their sockets and cores: use "
                          "--constraint",
                          opt->name);
    }
    return 0;
}

/* ----------------------------------------------------------------- hostfile */

static int read_nodes(const char *path, char ***ret, struct err *err)
{
    cleanup(freep) char *text = NULL;
    int rc = io_read_file(path, HOSTFILE_MAX, &text, NULL, err);

    if (rc)
        return rc;
    *ret = strv_split(text, "\n\r\t ,");
    return *ret ? 0 : err_set(err, EINVAL, "%s names no node", path);
}

/* The most tasks that one node gets, and how many nodes there are. */
static uint32_t most_on_a_node(char *const *nodes, size_t n, char ***ret_distinct)
{
    cleanup(freep) uint32_t *counts = xcalloc(n + 1, sizeof(*counts));
    uint32_t most = 0;

    for (size_t i = 0; i < n; i++) {
        size_t at = 0;

        while (*ret_distinct && (*ret_distinct)[at] &&
               strcmp((*ret_distinct)[at], nodes[i]) != 0)
            at++;
        if (!*ret_distinct || !(*ret_distinct)[at])
            strv_add(ret_distinct, nodes[i]);
        if (++counts[at] > most)
            most = counts[at];
    }
    return most;
}

int hostfile_apply(struct job_args *args, char *const *env, bool in_job,
                   struct err *err)
{
    Berth__JobSpec *spec = args->spec;
    const char *path = strv_getenv(env, "SLURM_HOSTFILE");
    cleanup(strv_freep) char **distinct = NULL;
    struct distribution_spec dist;
    uint32_t most;
    size_t n;
    int rc = distribution_parse(spec->distribution, &dist, err);

    if (rc || dist.nodes != DEAL_ARBITRARY)
        return rc;
    if (!path || !path[0])
        return err_set(err, EINVAL,
                       "--distribution=arbitrary: $SLURM_HOSTFILE has to name a file "
                       "with a node for each task");
    rc = read_nodes(path, &args->task_nodes, err);
    if (rc)
        return err_wrap(err, "$SLURM_HOSTFILE");
    n = strv_len(args->task_nodes);
    if (spec->tasks > n)
        return err_set(err, EINVAL, "--ntasks=%u: $SLURM_HOSTFILE has nodes for %zu",
                       spec->tasks, n);
    while (spec->tasks && n > spec->tasks)
        free(take(args->task_nodes[--n]));
    most = most_on_a_node(args->task_nodes, n, &distinct);
    spec_take_string(&spec->nodelist, hostlist_compress(distinct));
    spec->nodes_min = spec->nodes_max = (uint32_t)strv_len(distinct);
    spec->tasks = in_job ? (uint32_t)n : most * spec->nodes_min;
    return 0;
}
