/* SPDX-License-Identifier: Apache-2.0
 *
 * bind_step.c - what the tasks of a step are bound to on this node, for its shepherd
 *
 * The lead says which cores each task has; what that comes to in processors is said
 * here, where the topology is at hand. Cores that are only pretended bind nothing,
 * but are shown.
 */
#include "node/bind_step.h"

#include "base/mem.h"
#include "node/binding.h"

#include <linux/mempolicy.h>
#include <stdlib.h>

struct sets {
    struct bitset **v;
    size_t n;
};

static struct sets sets_create(size_t n)
{
    return (struct sets){.v = xcalloc(n + 1, sizeof(struct bitset *)), .n = n};
}

static void sets_fini(struct sets *sets)
{
    for (size_t i = 0; i < sets->n; i++)
        bitset_destroy(sets->v[i]);
    free(sets->v);
}

static int sets_parse(char *const *texts, size_t n, size_t nbits, struct sets *ret,
                      struct err *err)
{
    int rc = 0;

    *ret = sets_create(n);
    for (size_t i = 0; !rc && i < n; i++)
        rc = bitset_parse(texts[i], nbits, &ret->v[i], err);
    return rc;
}

static void sets_format(const struct sets *sets, char ***ret, size_t *ret_n)
{
    *ret = xcalloc(sets->n + 1, sizeof(**ret));
    *ret_n = sets->n;
    for (size_t i = 0; i < sets->n; i++)
        (*ret)[i] = bitset_format(sets->v[i]);
}

static void texts_clear(char ***texts, size_t *n)
{
    for (size_t i = 0; i < *n; i++)
        free((*texts)[i]);
    free(*texts);
    *texts = NULL;
    *n = 0;
}

void bind_step_clear(Berth__Assignment *assignment)
{
    texts_clear(&assignment->task_pus, &assignment->n_task_pus);
    texts_clear(&assignment->task_shown, &assignment->n_task_shown);
    texts_clear(&assignment->task_memory, &assignment->n_task_memory);
    texts_clear(&assignment->task_gpus, &assignment->n_task_gpus);
}

/* ---------------------------------------------------------------- processors */

static int bind_cpus(const struct node *node, const struct binding_wish *wish,
                     const struct bind_spec *spec, Berth__Assignment *assignment,
                     struct err *err)
{
    cleanup(sets_fini) struct sets cpus = sets_create(wish->n_tasks);
    int rc = binding_cpus(wish, spec, cpus.v, err);

    if (rc)
        return rc;
    sets_format(&cpus, &assignment->task_shown, &assignment->n_task_shown);
    assignment->task_pus = xcalloc(cpus.n + 1, sizeof(*assignment->task_pus));
    assignment->n_task_pus = cpus.n;
    for (size_t i = 0; i < cpus.n; i++)
        assignment->task_pus[i] =
            xstrdup(node->virtual_topology ? "" : assignment->task_shown[i]);
    return 0;
}

static int bind_memory(const struct binding_wish *wish, const char *text,
                       Berth__Assignment *assignment, struct err *err)
{
    cleanup(bind_spec_fini) struct bind_spec spec = {.kind = BIND_TO_OWN};
    cleanup(sets_fini) struct sets memory = sets_create(wish->n_tasks);
    int rc = mem_bind_parse(text, &spec, err);

    if (rc)
        return err_wrap(err, "--mem-bind");
    if (spec.kind == BIND_TO_OWN || spec.kind == BIND_TO_NONE)
        return 0;
    rc = binding_memory(wish, &spec, memory.v, err);
    if (rc)
        return rc;
    assignment->memory_policy = spec.prefers ? MPOL_PREFERRED : MPOL_BIND;
    sets_format(&memory, &assignment->task_memory, &assignment->n_task_memory);
    return 0;
}

static int bind_gpus(const struct binding_wish *wish, const Berth__StepSpec *spec,
                     const Berth__StepNode *own, const Berth__NodeShare *share,
                     Berth__Assignment *assignment, struct err *err)
{
    size_t nbits = wish->topo->n_devices;
    bool by_step = own->n_task_devices == wish->n_tasks;
    char *const *texts = by_step ? own->task_devices : share->task_devices;
    size_t n_texts = by_step ? own->n_task_devices : share->n_task_devices;
    cleanup(bind_spec_fini) struct bind_spec gpu = {.kind = BIND_TO_OWN};
    cleanup(bitset_destroyp) struct bitset *devices = NULL;
    cleanup(sets_fini) struct sets ret = sets_create(wish->n_tasks);
    cleanup(sets_fini) struct sets mine = {.n = 0};
    int rc = gpu_bind_parse(spec->gpu_bind, &gpu, err);

    if (rc)
        return err_wrap(err, "--gpu-bind");
    if (gpu.kind == BIND_TO_OWN)
        return 0;
    rc = bitset_parse(own->has_devices ? own->devices : share->devices, nbits, &devices,
                      err);
    if (!rc && wish->n_tasks && n_texts == wish->n_tasks)
        rc = sets_parse(texts, n_texts, nbits, &mine, err);
    if (!rc)
        rc = binding_gpus(wish, &gpu, devices, mine.n ? mine.v : NULL, ret.v, err);
    if (!rc)
        sets_format(&ret, &assignment->task_gpus, &assignment->n_task_gpus);
    return rc;
}

int bind_step(const struct node *node, const Berth__StepSpec *spec,
              const Berth__StepNode *own, const Berth__NodeShare *share,
              Berth__Assignment *assignment, struct err *err)
{
    const struct node_topo *topo = node->topo;
    cleanup(bind_spec_fini) struct bind_spec cpu = {.kind = BIND_TO_OWN};
    cleanup(bitset_destroyp) struct bitset *cores = NULL;
    cleanup(sets_fini) struct sets tasks = {.n = 0};
    struct distribution_spec dist;
    struct binding_wish wish = {.topo = topo,
                                .dist = &dist,
                                .threads_per_core = spec->threads_per_core,
                                .tasks_per_socket = spec->tasks_per_socket};
    int rc = cpu_bind_parse(spec->cpu_bind, &cpu, err);

    if (rc)
        return err_wrap(err, "--cpu-bind");
    if (!own->cores[0])
        return 0;
    rc = distribution_parse(spec->distribution, &dist, err);
    if (rc)
        return err_wrap(err, "--distribution");
    rc = bitset_parse(own->cores, topo->n_cores, &cores, err);
    if (!rc)
        rc = sets_parse(own->task_cores, own->n_task_cores, topo->n_cores, &tasks, err);
    if (rc)
        return rc;
    wish.cores = cores;
    wish.own = tasks.v;
    wish.n_tasks = tasks.n;
    binding_deal(&wish);
    rc = bind_cpus(node, &wish, &cpu, assignment, err);
    if (!rc)
        rc = bind_memory(&wish, spec->mem_bind, assignment, err);
    if (!rc)
        rc = bind_gpus(&wish, spec, own, share, assignment, err);
    return rc;
}
