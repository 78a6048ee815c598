/* SPDX-License-Identifier: Apache-2.0
 *
 * devices.c - from the numbers in a grant to devices of this node
 *
 * The controller numbers devices as the topology and the configuration together give
 * them. Both are the same here, so the same table is made here.
 */
#include "node/node.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "node/device_files.h"
#include "wire/pack.h"

#include <stdlib.h>
#include <string.h>

static void equip(struct node *node)
{
    struct topo_gres *gres;
    struct err err;
    int rc = config_gres_parse(node->self->gres, &node->gres, &node->n_gres, &err);

    gres = xcalloc(node->n_gres, sizeof(*gres));
    for (size_t i = 0; i < node->n_gres; i++)
        gres[i] = (struct topo_gres){.name = node->gres[i].name,
                                     .type = node->gres[i].type,
                                     .count = node->gres[i].count,
                                     .cores = node->gres[i].cores};
    if (!rc)
        rc = node_topo_equip(node->topo, gres, node->n_gres, &node->equipped, &err);
    free(gres);
    if (rc)
        log_warn("without the devices of the configuration: %s", err.text);
}

void devices_start(struct node *node)
{
    if (node->self->gres)
        equip(node);
}

static const struct node_topo *equipped(const struct node *node)
{
    return node->equipped ? node->equipped : node->topo;
}

static bool same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* What the configuration says about 'device'; NULL: nothing. */
static const struct config_gres *gres_of(const struct node *node,
                                         const struct topo_device *device)
{
    for (size_t i = 0; i < node->n_gres; i++)
        if (strcmp(node->gres[i].name, device->name) == 0 &&
            (!node->gres[i].type || same(node->gres[i].type, device->type)))
            return &node->gres[i];
    return NULL;
}

/* The variable by the vendor that CDI or the bus tells. */
static const char *variable_of(const struct topo_device *device, const char *cdi)
{
    static const struct {
        const char *vendor, *variable;
    } vendors[] = {{"nvidia.com/", "CUDA_VISIBLE_DEVICES"},
                   {"amd.com/", "ROCR_VISIBLE_DEVICES"},
                   {"intel.com/", "ZE_AFFINITY_MASK"}};
    const char *variable = device->bus ? device_variable("", device->bus) : NULL;

    if (device->class != TOPO_GPU)
        return "";
    for (size_t i = 0; cdi && i < ARRAY_SIZE(vendors); i++)
        if (strncmp(cdi, vendors[i].vendor, strlen(vendors[i].vendor)) == 0)
            return vendors[i].variable;
    return variable ? variable : "CUDA_VISIBLE_DEVICES";
}

static Berth__GivenDevice *give(const struct node *node, uint32_t index)
{
    const struct topo_device *device = &equipped(node)->devices[index];
    const struct config_gres *gres = gres_of(node, device);
    Berth__GivenDevice *given = xmalloc(sizeof(*given));
    char *cdi = gres && gres->cdi
                    ? config_gres_cdi_name(gres, device->number, device->bus)
                    : NULL;

    berth__given_device__init(given);
    given->name = xstrdup(device->name);
    given->index = index;
    given->number = device->number;
    given->variable = xstrdup(variable_of(device, cdi));
    if (cdi) {
        given->cdi = cdi;
    } else if (device->class == TOPO_GPU && device->bus) {
        given->paths = device_files("", device->bus);
        given->n_paths = strv_len(given->paths);
    }
    return given;
}

static void add_given(const struct node *node, const char *indexes,
                      Berth__DevicePolicy *policy)
{
    cleanup(bitset_destroyp) struct bitset *set = NULL;
    size_t n = equipped(node)->n_devices;

    if (!indexes[0] || bitset_parse(indexes, n, &set, NULL))
        return;
    policy->given = xcalloc(bitset_count(set), sizeof(*policy->given));
    for (size_t i = bitset_next(set, 0); i < n; i = bitset_next(set, i + 1))
        policy->given[policy->n_given++] = give(node, (uint32_t)i);
}

static void add_list(const char *text, size_t *ret_n, char ***ret)
{
    char **list = text ? strv_split(text, ",") : NULL;

    *ret = list;
    *ret_n = strv_len(list);
}

static void add_given_kinds(const struct node *node, Berth__DevicePolicy *policy)
{
    char **kinds = NULL;

    for (size_t i = 0; i < node->n_gres; i++)
        if (node->gres[i].cdi)
            strv_take(&kinds,
                      xstrndup(node->gres[i].cdi, strcspn(node->gres[i].cdi, "=")));
    policy->cdi_given = kinds;
    policy->n_cdi_given = strv_len(kinds);
}

Berth__DevicePolicy *devices_policy(const struct node *node, const char *indexes)
{
    const struct node_topo *topo = equipped(node);
    Berth__DevicePolicy *policy = xmalloc(sizeof(*policy));

    berth__device_policy__init(policy);
    add_given(node, indexes, policy);
    add_list(node->config->container.cdi_dirs, &policy->n_cdi_dirs, &policy->cdi_dirs);
    add_list(node->config->container.cdi_allow, &policy->n_cdi_allow,
             &policy->cdi_allow);
    add_given_kinds(node, policy);
    policy->refuse_hooks = node->config->container.cdi_hooks == CONFIG_HOOKS_NONE;
    for (uint32_t i = 0; i < topo->n_devices; i++)
        policy->gpus_are_given |=
            topo->devices[i].class == TOPO_GPU && topo->devices[i].is_gres;
    return policy;
}

static Berth__HostLibraries *host_libraries(const struct config_libraries *set)
{
    Berth__HostLibraries *libraries = xmalloc(sizeof(*libraries));

    berth__host_libraries__init(libraries);
    libraries->name = xstrdup(set->name);
    add_list(set->libraries, &libraries->n_libraries, &libraries->libraries);
    add_list(set->env, &libraries->n_env, &libraries->env);
    return libraries;
}

void host_libraries_fill(const struct node *node, Berth__Assignment *assignment)
{
    const struct config *config = node->config;
    size_t n = config->container.n_libraries;

    assignment->host_libraries = xcalloc(n, sizeof(*assignment->host_libraries));
    for (size_t i = 0; i < n; i++)
        assignment->host_libraries[i] = host_libraries(&config->container.libraries[i]);
    assignment->n_host_libraries = n;
}

void host_libraries_clear(Berth__Assignment *assignment)
{
    for (size_t i = 0; i < assignment->n_host_libraries; i++)
        free_message(assignment->host_libraries[i]);
    free(assignment->host_libraries);
}
