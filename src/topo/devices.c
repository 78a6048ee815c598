/* SPDX-License-Identifier: Apache-2.0
 *
 * devices.c - the table of a node's devices
 */
#include "topo/devices.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"

/* The one domain that all of 'near' lies in. */
static uint16_t common_domain(const struct bitset *near, const uint16_t *domain_of)
{
    size_t core = bitset_next(near, 0);
    if (core == near->nbits)
        return TOPO_NOWHERE;
    uint16_t domain = domain_of[core];
    for (; core < near->nbits; core = bitset_next(near, core + 1))
        if (domain_of[core] != domain)
            return TOPO_NOWHERE;
    return domain;
}

/* Places where it is found come in the order of the bus, with the rest behind. */
static int compare_bus(const char *a, const char *b)
{
    if (!a || !b)
        return (a == NULL) - (b == NULL);
    return strcmp(a, b);
}

static int compare_devices(const void *pa, const void *pb)
{
    const struct topo_device *a = pa, *b = pb;
    if (a->is_gres != b->is_gres)
        return a->is_gres ? -1 : 1;
    int order = strcmp(a->name, b->name);
    if (order == 0)
        order = compare_bus(a->bus, b->bus);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

void topo_devices_settle(struct node_topo *topo)
{
    for (uint32_t i = 0; i < topo->n_devices; i++) {
        struct topo_device *device = &topo->devices[i];
        device->numa = common_domain(device->near, topo->numa_of);
        device->package = common_domain(device->near, topo->package_of);
        device->number = (uint16_t)i;
    }
    if (topo->n_devices > 1)
        qsort(topo->devices, topo->n_devices, sizeof(*topo->devices), compare_devices);
    for (uint32_t i = 0; i < topo->n_devices; i++) {
        struct topo_device *device = &topo->devices[i];
        bool same = i > 0 && strcmp(device->name, device[-1].name) == 0;
        device->number = same ? (uint16_t)(device[-1].number + 1) : 0;
    }
}

char *topo_devices_words(const struct node_topo *topo)
{
    struct strbuf text = STRBUF_INIT;
    for (uint32_t i = 0; i < topo->n_devices; i++) {
        const struct topo_device *device = &topo->devices[i];
        bool last = i + 1 == topo->n_devices || device[1].number == 0;
        if (device->is_gres && last)
            strbuf_printf(&text, ", %u %s", device->number + 1u, device->name);
    }
    return strbuf_take(&text);
}

void topo_devices_fini(struct node_topo *topo)
{
    for (uint32_t i = 0; i < topo->n_devices; i++) {
        struct topo_device *device = &topo->devices[i];
        free(device->name);
        free(device->type);
        free(device->bus);
        free(device->os_names);
        bitset_destroy(device->near);
    }
    free(topo->devices);
}
