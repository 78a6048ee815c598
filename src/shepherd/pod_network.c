/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_network.c - the network of a pod's sandbox, and its names
 */
#include "shepherd/pod_network.h"

#include "base/mem.h"
#include "base/strv.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pod_network {
    char hostname[HOST_NAME_MAX + 1];
};

/* No more than a host's name may have, and not with a dot or dash at the end. */
static void set_hostname(const struct mf_pod *pod, char *ret, size_t size)
{
    const char *name = pod->spec->hostname ? pod->spec->hostname : pod->meta->name;
    size_t len = strnlen(name, size - 1);

    while (len && strchr(".-", name[len - 1]))
        len--;
    memcpy(ret, name, len);
    ret[len] = '\0';
}

static struct pod_network *network_of(const struct pod_lead *pl)
{
    struct pod_network *network = pl->network;

    if (network)
        return network;
    network = xcalloc(1, sizeof(*network));
    if (pod_network_is_own(pl))
        set_hostname(pl->spec, network->hostname, sizeof(network->hostname));
    else
        (void)gethostname(network->hostname, sizeof(network->hostname) - 1);
    ((struct pod_lead *)(uintptr_t)pl)->network = network;
    return network;
}

bool pod_network_is_own(const struct pod_lead *pl)
{
    return !pl->spec->spec->has_host_network;
}

const char *pod_network_hostname(const struct pod_lead *pl)
{
    return network_of(pl)->hostname;
}

/* A network of its own has a loopback device, and that is there already. */
void pod_network_start(struct pod_lead *pl,
                       void (*fn)(struct pod_lead *pl, const struct err *why))
{
    fn(pl, NULL);
}

void pod_network_node_is_back(struct pod_lead *pl)
{
    (void)pl;
}

const char *pod_network_host_address(const struct pod_lead *pl)
{
    return pl->sh->grant->placement->shares[0]->address;
}

const char *pod_network_address(const struct pod_lead *pl)
{
    return pod_network_is_own(pl) ? "" : pod_network_host_address(pl);
}

const char *pod_network_hosts(const struct pod_lead *pl)
{
    (void)pl;
    return NULL;
}

const struct bind_mount *pod_network_mounts(const struct pod_lead *pl, size_t *ret_n)
{
    (void)pl;
    *ret_n = 0;
    return NULL;
}

void pod_network_end(struct pod_lead *pl)
{
    free(take(pl->network));
}
