/* SPDX-License-Identifier: Apache-2.0
 *
 * node_topo.c - reduce an hwloc topology to cores and the domains they lie in
 */
#include "topo/node_topo.h"

#include <errno.h>
#include <hwloc.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "topo/devices.h"
#include "topo/domains.h"
#include "topo/hwloc_source.h"
#include "topo/io_devices.h"

/* Objects of one kind, numbered in the order in which they are met. */
struct numbering {
    hwloc_obj_t *objects;
    uint32_t n;
};

/* Neighbours mostly share their object, so the search starts at the end. */
static uint16_t number_of(struct numbering *numbering, hwloc_obj_t obj)
{
    for (uint32_t i = numbering->n; i > 0; i--)
        if (numbering->objects[i - 1] == obj)
            return (uint16_t)(i - 1);
    if ((numbering->n & (numbering->n - 1)) == 0)
        numbering->objects =
            xrealloc(numbering->objects, numbering->n ? 2 * (size_t)numbering->n : 1,
                     sizeof(*numbering->objects));
    numbering->objects[numbering->n] = obj;
    return (uint16_t)numbering->n++;
}

static hwloc_obj_t package_of(hwloc_topology_t t, hwloc_obj_t core)
{
    hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(t, HWLOC_OBJ_PACKAGE, core);
    return package ? package : hwloc_get_root_obj(t);
}

/* The innermost object that memory hangs from: nodes of several kinds of memory
 * at one place (HBM beside DRAM) are one domain for the cores there. */
static hwloc_obj_t numa_of(hwloc_topology_t t, hwloc_obj_t core)
{
    for (hwloc_obj_t obj = core; obj; obj = obj->parent)
        if (obj->memory_arity > 0)
            return obj;
    return hwloc_get_root_obj(t);
}

/* Without an L3, what shares memory within one package. */
static hwloc_obj_t l3_of(hwloc_topology_t t, hwloc_obj_t core)
{
    hwloc_obj_t l3 = hwloc_get_ancestor_obj_by_type(t, HWLOC_OBJ_L3CACHE, core);
    if (l3)
        return l3;
    hwloc_obj_t package = package_of(t, core), numa = numa_of(t, core);
    return package->depth > numa->depth ? package : numa;
}

/* The core of a PU, or the PU itself on machines that tell of no cores. */
static hwloc_obj_t core_of(hwloc_topology_t t, hwloc_obj_t pu)
{
    hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(t, HWLOC_OBJ_CORE, pu);
    return core ? core : pu;
}

static char *pu_indexes(hwloc_topology_t t, hwloc_obj_t core)
{
    struct strbuf text = STRBUF_INIT;
    hwloc_obj_t pu = NULL;
    while ((pu = hwloc_get_next_obj_inside_cpuset_by_type(t, core->cpuset, HWLOC_OBJ_PU,
                                                          pu)))
        strbuf_printf(&text, "%s%u", text.len ? "," : "", pu->os_index);
    return strbuf_take(&text);
}

/* Row and column in the matrix of the NUMA node at each domain. */
static bool find_in_matrix(const struct numbering *numas,
                           struct hwloc_distances_s *matrix, int *ret)
{
    for (uint32_t i = 0; i < numas->n; i++) {
        hwloc_obj_t numa = numas->objects[i]->memory_first_child;
        ret[i] = numa ? hwloc_distances_obj_index(matrix, numa) : -1;
        if (ret[i] < 0)
            return false;
    }
    return true;
}

/* To the nearest other NUMA nodes it is one step, to others two. */
static void rank_row(const struct hwloc_distances_s *matrix, const int *at, uint32_t n,
                     uint32_t row, uint8_t *ret)
{
    const hwloc_uint64_t *values = &matrix->values[(size_t)at[row] * matrix->nbobjs];
    hwloc_uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < n; i++)
        if (i != row && values[at[i]] < least)
            least = values[at[i]];
    for (uint32_t i = 0; i < n; i++)
        ret[i] = i == row ? 0 : values[at[i]] == least ? 1 : 2;
}

/* NULL: the machine tells no latencies. */
static uint8_t *measure_steps(hwloc_topology_t t, const struct numbering *numas)
{
    struct hwloc_distances_s *matrix = NULL;
    unsigned int n = 1;
    uint8_t *steps = NULL;
    if (hwloc_distances_get_by_type(t, HWLOC_OBJ_NUMANODE, &n, &matrix,
                                    HWLOC_DISTANCES_KIND_MEANS_LATENCY, 0) < 0 ||
        n == 0 || !matrix)
        return NULL;
    cleanup(freep) int *at = xcalloc(numas->n, sizeof(*at));
    if (find_in_matrix(numas, matrix, at)) {
        steps = xcalloc((size_t)numas->n * numas->n, sizeof(*steps));
        for (uint32_t row = 0; row < numas->n; row++)
            rank_row(matrix, at, numas->n, row, &steps[(size_t)row * numas->n]);
    }
    hwloc_distances_release(t, matrix);
    return steps;
}

static void fill_cores(struct node_topo *topo, hwloc_topology_t t)
{
    struct numbering packages = {0}, numas = {0}, l3s = {0};
    hwloc_obj_t last = NULL, pu = NULL;
    while ((pu = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_PU, pu))) {
        hwloc_obj_t core = core_of(t, pu);
        if (core == last)
            continue;
        last = core;
        uint32_t i = topo->n_cores++;
        topo->package_of[i] = number_of(&packages, package_of(t, core));
        topo->numa_of[i] = number_of(&numas, numa_of(t, core));
        topo->l3_of[i] = number_of(&l3s, l3_of(t, core));
        topo->pus_of[i] = pu_indexes(t, core);
    }
    topo->n_packages = packages.n;
    topo->n_numa = numas.n;
    topo->n_l3 = l3s.n;
    topo->numa_steps = measure_steps(t, &numas);
    topo->numa_os = xcalloc(numas.n + 1, sizeof(*topo->numa_os));
    for (uint32_t i = 0; i < numas.n; i++) {
        hwloc_obj_t memory = numas.objects[i]->memory_first_child;
        topo->numa_os[i] = (uint16_t)(memory ? memory->os_index : i);
    }
    free(packages.objects);
    free(numas.objects);
    free(l3s.objects);
}

/* What programs on this node's cores can have: not the memory of a GPU, which
 * some machines show as a NUMA node. */
static uint64_t memory_mib(hwloc_topology_t t)
{
    uint64_t bytes = 0;
    hwloc_obj_t numa = NULL;
    while ((numa = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_NUMANODE, numa)))
        if (!numa->subtype || strcmp(numa->subtype, "GPUMemory") != 0)
            bytes += numa->attr->numanode.local_memory;
    return bytes >> 20;
}

static char *plural(uint32_t n, const char *one)
{
    return xasprintf("%u %s%s", n, one, n == 1 ? "" : "s");
}

static char *words_of(const struct node_topo *topo)
{
    cleanup(freep) char *packages = plural(topo->n_packages, "package");
    cleanup(freep) char *numas = plural(topo->n_numa, "NUMA node");
    cleanup(freep) char *cores = plural(topo->n_cores, "core");
    cleanup(freep) char *pus = plural(topo->n_pus, "PU");
    cleanup(freep) char *memory = size_format(topo->memory << 20);
    cleanup(freep) char *devices = topo_devices_words(topo);
    return xasprintf("%s, %s, %s, %s, %s%s", packages, numas, cores, pus, memory,
                     devices);
}

static void hash_of(const char *xml, size_t len, char ret_hash[65])
{
    unsigned char digest[32];
    crypto_generichash(digest, sizeof(digest), (const unsigned char *)xml, len, NULL,
                       0);
    sodium_bin2hex(ret_hash, 65, digest, sizeof(digest));
}

static int reduce(hwloc_topology_t t, struct node_topo **ret, char **ret_xml,
                  struct err *err)
{
    cleanup(freep) char *xml = NULL;
    int rc = hwloc_source_export(t, &xml, err);
    if (rc < 0)
        return rc;
    struct node_topo *topo = xcalloc(1, sizeof(*topo));
    topo->n_pus = (uint32_t)hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_PU);
    topo->package_of = xcalloc(topo->n_pus, sizeof(*topo->package_of));
    topo->numa_of = xcalloc(topo->n_pus, sizeof(*topo->numa_of));
    topo->l3_of = xcalloc(topo->n_pus, sizeof(*topo->l3_of));
    topo->pus_of = xcalloc(topo->n_pus, sizeof(*topo->pus_of));
    fill_cores(topo, t);
    topo->memory = memory_mib(t);
    io_devices_read(t, topo);
    topo_devices_settle(topo);
    topo->words = words_of(topo);
    topo->domains = domain_tree_create(topo);
    hash_of(xml, strlen(xml), topo->hash);
    *ret = topo;
    if (ret_xml)
        *ret_xml = take(xml);
    return 0;
}

int node_topo_load(const char *source, struct node_topo **ret, char **ret_xml,
                   struct err *err)
{
    hwloc_topology_t t;
    int rc = hwloc_source_open(source, &t, err);
    if (rc < 0)
        return rc;
    rc = reduce(t, ret, ret_xml, err);
    hwloc_topology_destroy(t);
    return rc;
}

int node_topo_from_xml(const char *xml, size_t len, struct node_topo **ret,
                       struct err *err)
{
    hwloc_topology_t t;
    int rc = hwloc_source_parse(xml, len, &t, err);
    if (rc < 0)
        return rc;
    rc = reduce(t, ret, NULL, err);
    hwloc_topology_destroy(t);
    if (rc < 0)
        return rc;
    /* Another version of hwloc may word the same hardware otherwise. */
    hash_of(xml, strnlen(xml, len), (*ret)->hash);
    return 0;
}

void node_topo_destroy(struct node_topo *topo)
{
    if (!topo)
        return;
    for (uint32_t i = 0; i < topo->n_cores; i++)
        free(topo->pus_of[i]);
    free(topo->pus_of);
    free(topo->numa_os);
    free(topo->package_of);
    free(topo->numa_of);
    free(topo->l3_of);
    free(topo->words);
    free(topo->numa_steps);
    topo_devices_fini(topo);
    domain_tree_destroy(topo->domains);
    free(topo);
}

char *node_topo_pus(const struct node_topo *topo, const struct bitset *cores)
{
    struct strbuf text = STRBUF_INIT;
    for (size_t i = bitset_next(cores, 0); i < cores->nbits && i < topo->n_cores;
         i = bitset_next(cores, i + 1))
        strbuf_printf(&text, "%s%s", text.len ? "," : "", topo->pus_of[i]);
    return strbuf_take(&text);
}
