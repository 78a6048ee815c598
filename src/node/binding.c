/* SPDX-License-Identifier: Apache-2.0
 *
 * binding.c - which processors, memory and GPUs each task of a step is bound to here
 */
#include "node/binding.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

#define FOR_EACH(i, set) \
    for (size_t i = bitset_next(set, 0); i < (set)->nbits; i = bitset_next(set, i + 1))

/* --------------------------------------------------------------- processors */

/* The n-th processor of a core, by the machine's own count; -1: it has no such. */
static long pu_of(const struct node_topo *topo, size_t core, uint32_t n)
{
    const char *at = topo->pus_of[core];

    for (; n && at; n--) {
        while (*at && *at != ',')
            at++;
        at = *at ? at + 1 : NULL;
    }
    return at && *at ? strtol(at, NULL, 10) : -1;
}

static uint32_t count_pus(const struct binding_wish *wish, size_t core)
{
    uint32_t n = 0;

    while ((!wish->threads_per_core || n < wish->threads_per_core) &&
           pu_of(wish->topo, core, n) >= 0)
        n++;
    return n;
}

static void add_pu(struct bitset *set, long pu)
{
    if (pu >= 0 && (size_t)pu < set->nbits)
        bitset_set(set, (size_t)pu);
}

static void add_cores(const struct binding_wish *wish, const struct bitset *cores,
                      struct bitset *ret)
{
    FOR_EACH(core, cores)
    {
        uint32_t n = count_pus(wish, core);

        for (uint32_t i = 0; i < n; i++)
            add_pu(ret, pu_of(wish->topo, core, i));
    }
}

/* All of the step's cores in the domains that a task has cores in. */
static void add_domains(const struct binding_wish *wish, const struct bitset *own,
                        const uint16_t *domain_of, struct bitset *ret)
{
    cleanup(bitset_destroyp) struct bitset *cores = bitset_dup(own);

    FOR_EACH(core, wish->cores)
    {
        FOR_EACH(mine, own)
        {
            if (domain_of[mine] == domain_of[core])
                bitset_set(cores, core);
        }
    }
    add_cores(wish, cores, ret);
}

static const uint16_t *domains_of(const struct node_topo *topo, enum bind_kind kind)
{
    return kind == BIND_TO_L3      ? topo->l3_of
           : kind == BIND_TO_LDOMS ? topo->numa_of
                                   : topo->package_of;
}

/* One processor of each core; tasks that share a core get one each. */
static void add_threads(const struct binding_wish *wish, const struct bitset *own,
                        uint32_t *used, struct bitset *ret)
{
    FOR_EACH(core, own)
    {
        uint32_t n = count_pus(wish, core);

        if (n)
            add_pu(ret, pu_of(wish->topo, core, used[core]++ % n));
    }
}

static size_t nth(const struct bitset *set, size_t n)
{
    size_t at = bitset_next(set, 0);

    while (n-- > 0 && at < set->nbits)
        at = bitset_next(set, at + 1);
    return at;
}

/* ----------------------------------------------------------------- by lists */

static const struct bitset *item_of(const struct bind_spec *spec, size_t task)
{
    return spec->items[task % spec->n_items];
}

static int fail_outside(const char *what, const struct bitset *asked,
                        const struct bitset *has, struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *extra = bitset_dup(asked);
    cleanup(freep) char *missing = NULL;
    cleanup(freep) char *text = bitset_format(has);

    bitset_andnot(extra, has);
    missing = bitset_format(extra);
    return err_set(err, EINVAL, "%s %s: not among those that the step may use here, %s",
                   what, missing, text);
}

static int add_listed(const struct bind_spec *spec, const struct bitset *all,
                      size_t task, struct bitset *ret, struct err *err)
{
    const struct bitset *item = item_of(spec, task);

    if (!bitset_is_subset(item, all))
        return fail_outside("--cpu-bind: processors", item, all, err);
    bitset_copy(ret, item);
    return 0;
}

/* Logical numbers of the NUMA nodes that the step has cores in. */
static struct bitset *ldoms_of(const struct binding_wish *wish)
{
    struct bitset *ldoms = bitset_create(BIND_BITS);

    FOR_EACH(core, wish->cores)
    bitset_set(ldoms, wish->topo->numa_of[core]);
    return ldoms;
}

static int add_ldoms(const struct binding_wish *wish, const struct bind_spec *spec,
                     size_t task, struct bitset *ret, struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *all = ldoms_of(wish);
    cleanup(bitset_destroyp) struct bitset *wanted = bitset_create(BIND_BITS);
    cleanup(bitset_destroyp) struct bitset *cores = bitset_create(wish->cores->nbits);

    if (spec->kind == BIND_TO_RANK_LDOM)
        bitset_set(wanted, nth(all, task % bitset_count(all)));
    else
        bitset_copy(wanted, item_of(spec, task));
    if (!bitset_is_subset(wanted, all))
        return fail_outside("--cpu-bind: NUMA nodes", wanted, all, err);
    FOR_EACH(core, wish->cores)
    {
        if (bitset_test(wanted, wish->topo->numa_of[core]))
            bitset_set(cores, core);
    }
    add_cores(wish, cores, ret);
    return 0;
}

/* -------------------------------------------------------------------- tasks */

static int bind_cpus(const struct binding_wish *wish, const struct bind_spec *spec,
                     const struct bitset *all, size_t task, uint32_t *used,
                     struct bitset *ret, struct err *err)
{
    const struct bitset *own = wish->own[task];

    switch (spec->kind) {
    case BIND_TO_THREADS:
        add_threads(wish, own, used, ret);
        return 0;
    case BIND_TO_L3:
    case BIND_TO_LDOMS:
    case BIND_TO_SOCKETS:
        add_domains(wish, own, domains_of(wish->topo, spec->kind), ret);
        return 0;
    case BIND_TO_NONE:
    case BIND_TO_BOARDS:
        add_cores(wish, wish->cores, ret);
        add_cores(wish, own, ret);
        return 0;
    case BIND_TO_RANK:
        bitset_set(ret, nth(all, task % bitset_count(all)));
        return 0;
    case BIND_TO_MAP:
    case BIND_TO_MASK:
        return add_listed(spec, all, task, ret, err);
    case BIND_TO_RANK_LDOM:
    case BIND_TO_MAP_LDOM:
    case BIND_TO_MASK_LDOM:
        return add_ldoms(wish, spec, task, ret, err);
    case BIND_TO_OWN:
    case BIND_TO_CORES:
    case BIND_TO_LOCAL:
    case BIND_TO_CLOSEST:
    case BIND_TO_SINGLE:
    case BIND_TO_PER_TASK:
        break;
    }
    add_cores(wish, own, ret);
    return 0;
}

static void clear_sets(struct bitset **sets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bitset_destroy(sets[i]);
        sets[i] = NULL;
    }
}

int binding_cpus(const struct binding_wish *wish, const struct bind_spec *spec,
                 struct bitset **ret, struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *all = bitset_create(BIND_BITS);
    cleanup(freep) uint32_t *used = xcalloc(wish->topo->n_cores, sizeof(*used));
    int rc = 0;

    add_cores(wish, wish->cores, all);
    if (bitset_count(all) == 0)
        return err_set(err, EINVAL, "--cpu-bind: the step has no processors here");
    for (size_t i = 0; i < wish->n_tasks; i++)
        ret[i] = bitset_create(BIND_BITS);
    for (size_t i = 0; !rc && i < wish->n_tasks; i++)
        rc = bind_cpus(wish, spec, all, i, used, ret[i], err);
    if (rc)
        clear_sets(ret, wish->n_tasks);
    return rc;
}

/* ------------------------------------------------------------------- memory */

static struct bitset *numa_nodes(const struct node_topo *topo)
{
    struct bitset *all = bitset_create(BIND_BITS);

    for (uint32_t i = 0; i < topo->n_numa; i++)
        bitset_set(all, topo->numa_os[i]);
    return all;
}

static int bind_memory(const struct binding_wish *wish, const struct bind_spec *spec,
                       const struct bitset *all, size_t task, struct bitset *ret,
                       struct err *err)
{
    const struct node_topo *topo = wish->topo;

    if (spec->kind == BIND_TO_RANK) {
        bitset_set(ret, topo->numa_os[task % topo->n_numa]);
    } else if (spec->kind == BIND_TO_MAP || spec->kind == BIND_TO_MASK) {
        bitset_copy(ret, item_of(spec, task));
        if (!bitset_is_subset(ret, all))
            return fail_outside("--mem-bind: NUMA nodes", ret, all, err);
    } else {
        FOR_EACH(core, wish->own[task])
        bitset_set(ret, topo->numa_os[topo->numa_of[core]]);
    }
    return 0;
}

int binding_memory(const struct binding_wish *wish, const struct bind_spec *spec,
                   struct bitset **ret, struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *all = numa_nodes(wish->topo);
    int rc = 0;

    for (size_t i = 0; i < wish->n_tasks; i++)
        ret[i] = bitset_create(BIND_BITS);
    for (size_t i = 0; !rc && i < wish->n_tasks; i++)
        rc = bind_memory(wish, spec, all, i, ret[i], err);
    if (rc)
        clear_sets(ret, wish->n_tasks);
    return rc;
}

/* --------------------------------------------------------------------- GPUs */

static struct bitset *gpus_among(const struct node_topo *topo,
                                 const struct bitset *devices)
{
    struct bitset *gpus = bitset_create(devices->nbits);

    FOR_EACH(i, devices)
    {
        if (i < topo->n_devices && topo->devices[i].class == TOPO_GPU)
            bitset_set(gpus, i);
    }
    return gpus;
}

/* Those that 'numbers' names by their place among the step's. */
static int add_numbered(const struct bitset *gpus, const struct bitset *numbers,
                        struct bitset *ret, struct err *err)
{
    size_t n = bitset_count(gpus);

    FOR_EACH(i, numbers)
    {
        if (i >= n)
            return err_set(err, EINVAL, "--gpu-bind: GPU %zu: the step has %zu here", i,
                           n);
        bitset_set(ret, nth(gpus, i));
    }
    return 0;
}

static int bind_gpus(const struct binding_wish *wish, const struct bind_spec *spec,
                     const struct bitset *gpus, size_t task, struct bitset *ret,
                     struct err *err)
{
    size_t n = bitset_count(gpus);

    if (n == 0)
        return 0;
    if (spec->kind == BIND_TO_MAP || spec->kind == BIND_TO_MASK)
        return add_numbered(gpus, item_of(spec, task), ret, err);
    if (spec->kind == BIND_TO_SINGLE)
        bitset_set(ret, nth(gpus, task / spec->count % n));
    for (uint32_t i = 0; spec->kind == BIND_TO_PER_TASK && i < spec->count; i++)
        bitset_set(ret, nth(gpus, (task * spec->count + i) % n));
    FOR_EACH(i, gpus)
    {
        if (spec->kind == BIND_TO_NONE ||
            (spec->kind == BIND_TO_CLOSEST &&
             bitset_intersects(wish->topo->devices[i].near, wish->own[task])))
            bitset_set(ret, i);
    }
    return 0;
}

int binding_gpus(const struct binding_wish *wish, const struct bind_spec *spec,
                 const struct bitset *devices, struct bitset *const *own,
                 struct bitset **ret, struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *gpus = gpus_among(wish->topo, devices);
    int rc = 0;

    for (size_t i = 0; i < wish->n_tasks; i++)
        ret[i] = bitset_create(devices->nbits);
    for (size_t i = 0; !rc && i < wish->n_tasks; i++) {
        const struct bitset *mine = own ? own[i] : devices;

        rc = bind_gpus(wish, spec, gpus, i, ret[i], err);
        /* None is near: what the task has, then. */
        FOR_EACH(device, mine)
        {
            if (!bitset_test(gpus, device) || bitset_count(ret[i]) == 0)
                bitset_set(ret[i], device);
        }
    }
    if (rc)
        clear_sets(ret, wish->n_tasks);
    return rc;
}

/* ------------------------------------------------------------------ dealing */

struct dealer {
    const struct node_topo *topo;
    struct bitset *left; /* cores to deal out */
    uint32_t socket;     /* the next one */
    uint32_t *tasks;     /* on each socket */
    uint32_t per_socket;
};

static size_t left_on(const struct dealer *d, uint32_t socket)
{
    size_t n = 0;

    FOR_EACH(core, d->left)
    n += d->topo->package_of[core] == socket;
    return n;
}

/* The next socket from d->socket on with room for 'n' cores of a task, else the one
 * with the most. */
static uint32_t find_socket(const struct dealer *d, size_t n)
{
    uint32_t best = d->socket;

    for (uint32_t k = 0; k < d->topo->n_packages; k++) {
        uint32_t socket = (d->socket + k) % d->topo->n_packages;

        if (left_on(d, socket) >= n &&
            (!d->per_socket || d->tasks[socket] < d->per_socket))
            return socket;
        if (left_on(d, socket) > left_on(d, best))
            best = socket;
    }
    return best;
}

static void take_core(struct dealer *d, uint32_t socket, struct bitset *ret)
{
    FOR_EACH(core, d->left)
    {
        if (d->topo->package_of[core] != socket)
            continue;
        bitset_clear(d->left, core);
        bitset_set(ret, core);
        return;
    }
}

static bool can_deal(const struct binding_wish *wish, struct bitset *all)
{
    size_t n = wish->n_tasks ? bitset_count(wish->own[0]) : 0;

    for (size_t i = 0; i < wish->n_tasks; i++) {
        if (bitset_count(wish->own[i]) != n || bitset_intersects(all, wish->own[i]))
            return false;
        FOR_EACH(core, wish->own[i])
        bitset_set(all, core);
    }
    return n > 0;
}

static void deal_task(struct dealer *d, enum deal_kind how, size_t n,
                      struct bitset *own)
{
    bitset_clear_all(own);
    while (n > 0) {
        uint32_t socket = find_socket(d, how == DEAL_FCYCLIC ? 1 : n);
        size_t run = how == DEAL_FCYCLIC ? 1 : left_on(d, socket);

        d->tasks[socket]++;
        for (run = run < n ? run : n; run > 0; run--, n--)
            take_core(d, socket, own);
        d->socket = how == DEAL_BLOCK ? socket : (socket + 1) % d->topo->n_packages;
    }
}

void binding_deal(struct binding_wish *wish)
{
    enum deal_kind how = wish->dist->sockets;
    cleanup(bitset_destroyp) struct bitset *left = bitset_create(wish->topo->n_cores);
    cleanup(freep) uint32_t *tasks = xcalloc(wish->topo->n_packages, sizeof(*tasks));
    struct dealer d = {.topo = wish->topo,
                       .left = left,
                       .tasks = tasks,
                       .per_socket = wish->tasks_per_socket};

    if ((how == DEAL_DEFAULT && !wish->tasks_per_socket) || !can_deal(wish, left))
        return;
    if (how == DEAL_DEFAULT)
        how = DEAL_BLOCK;
    for (size_t i = 0; i < wish->n_tasks; i++)
        deal_task(&d, how, bitset_count(wish->own[i]), wish->own[i]);
}
