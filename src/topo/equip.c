/* SPDX-License-Identifier: Apache-2.0
 *
 * equip.c - a node's hardware with the devices that its site says it has
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "topo/devices.h"
#include "topo/domains.h"

static void *dup_array(const void *from, size_t n, size_t size)
{
    return xmemdup(from, n * size);
}

static char *dup_text(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static struct topo_device dup_device(const struct topo_device *from)
{
    struct topo_device device = *from;
    device.name = xstrdup(from->name);
    device.type = dup_text(from->type);
    device.bus = dup_text(from->bus);
    device.os_names = dup_text(from->os_names);
    device.near = bitset_dup(from->near);
    return device;
}

/* All but the devices. */
static struct node_topo *dup_cores(const struct node_topo *base)
{
    struct node_topo *topo = xmemdup(base, sizeof(*base));
    uint32_t n = base->n_cores;
    topo->package_of = dup_array(base->package_of, n, sizeof(*topo->package_of));
    topo->numa_of = dup_array(base->numa_of, n, sizeof(*topo->numa_of));
    topo->l3_of = dup_array(base->l3_of, n, sizeof(*topo->l3_of));
    topo->numa_os = dup_array(base->numa_os, base->n_numa + 1u, sizeof(*topo->numa_os));
    topo->pus_of = xcalloc(n, sizeof(*topo->pus_of));
    for (uint32_t i = 0; i < n; i++)
        topo->pus_of[i] = xstrdup(base->pus_of[i]);
    if (base->numa_steps)
        topo->numa_steps =
            dup_array(base->numa_steps, (size_t)base->n_numa * base->n_numa,
                      sizeof(*topo->numa_steps));
    topo->words = NULL;
    topo->domains = domain_tree_create(topo);
    topo->devices = NULL;
    topo->n_devices = 0;
    return topo;
}

static void append(struct node_topo *topo, struct topo_device device)
{
    topo->devices =
        xrealloc(topo->devices, topo->n_devices + 1, sizeof(*topo->devices));
    topo->devices[topo->n_devices++] = device;
}

/* The n-th found device of a name; NULL: there are fewer. */
static const struct topo_device *found(const struct node_topo *base, const char *name,
                                       uint32_t n)
{
    for (uint32_t i = 0; i < base->n_devices; i++)
        if (strcmp(base->devices[i].name, name) == 0 && n-- == 0)
            return &base->devices[i];
    return NULL;
}

static uint32_t count_named(const struct node_topo *topo, const char *name)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < topo->n_devices; i++)
        n += strcmp(topo->devices[i].name, name) == 0;
    return n;
}

static enum topo_device_class class_of(const char *name)
{
    if (strcmp(name, "gpu") == 0)
        return TOPO_GPU;
    return strcmp(name, "nic") == 0 ? TOPO_NIC : TOPO_OTHER;
}

static struct topo_device make_up(const struct node_topo *topo, const char *name)
{
    struct topo_device device = {.class = class_of(name), .name = xstrdup(name)};
    device.near = bitset_create(topo->n_cores);
    bitset_set_range(device.near, 0, topo->n_cores);
    return device;
}

static int add_gres(struct node_topo *topo, const struct node_topo *base,
                    const struct topo_gres *gres, struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *cores = NULL;
    if (gres->cores && bitset_parse(gres->cores, topo->n_cores, &cores, err) < 0) {
        err_wrap(err, "gres %s: cores", gres->name);
        return -EINVAL;
    }
    if (gres->count > TOPO_DEVICES_MAX - topo->n_devices)
        return err_set(err, EINVAL, "gres %s: more than %u devices on a node",
                       gres->name, TOPO_DEVICES_MAX);
    uint32_t have = count_named(topo, gres->name);
    for (uint32_t i = 0; i < gres->count; i++) {
        const struct topo_device *there = found(base, gres->name, have + i);
        struct topo_device device =
            there ? dup_device(there) : make_up(topo, gres->name);
        device.is_gres = true;
        if (gres->type) {
            free(device.type);
            device.type = xstrdup(gres->type);
        }
        if (cores)
            bitset_copy(device.near, cores);
        append(topo, device);
    }
    return 0;
}

static void keep_others(struct node_topo *topo, const struct node_topo *base,
                        const struct topo_gres *gres, size_t n_gres)
{
    for (uint32_t i = 0; i < base->n_devices; i++) {
        bool replaced = false;
        for (size_t g = 0; g < n_gres; g++)
            replaced |= strcmp(gres[g].name, base->devices[i].name) == 0;
        if (!replaced)
            append(topo, dup_device(&base->devices[i]));
    }
}

/* As the base's, with other devices at the end. */
static char *words_with_devices(const struct node_topo *base,
                                const struct node_topo *topo)
{
    cleanup(freep) char *had = topo_devices_words(base);
    cleanup(freep) char *has = topo_devices_words(topo);
    return xasprintf("%.*s%s", (int)(strlen(base->words) - strlen(had)), base->words,
                     has);
}

/* Equal hardware that is equipped alike has one hash. */
static void hash_again(struct node_topo *topo, const struct topo_gres *gres, size_t n)
{
    crypto_generichash_state state;
    unsigned char digest[32];
    crypto_generichash_init(&state, NULL, 0, sizeof(digest));
    crypto_generichash_update(&state, (const unsigned char *)topo->hash, 64);
    for (size_t i = 0; i < n; i++) {
        cleanup(freep) char *text =
            xasprintf("%s:%s:%u:%s;", gres[i].name, gres[i].type ? gres[i].type : "",
                      gres[i].count, gres[i].cores ? gres[i].cores : "");
        crypto_generichash_update(&state, (const unsigned char *)text, strlen(text));
    }
    crypto_generichash_final(&state, digest, sizeof(digest));
    sodium_bin2hex(topo->hash, sizeof(topo->hash), digest, sizeof(digest));
}

int node_topo_equip(const struct node_topo *base, const struct topo_gres *gres,
                    size_t n_gres, struct node_topo **ret, struct err *err)
{
    struct node_topo *topo = dup_cores(base);
    int rc = 0;
    for (size_t i = 0; i < n_gres && rc == 0; i++)
        rc = add_gres(topo, base, &gres[i], err);
    if (rc < 0) {
        node_topo_destroy(topo);
        return rc;
    }
    keep_others(topo, base, gres, n_gres);
    topo_devices_settle(topo);
    topo->words = words_with_devices(base, topo);
    hash_again(topo, gres, n_gres);
    *ret = topo;
    return 0;
}
