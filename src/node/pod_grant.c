/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_grant.c - what of its node a pod was granted
 */
#include "node/pod_grant.h"

#include <string.h>

#include "base/mem.h"
#include "wire/pack.h"

Berth__PodGrant *pod_grant_make(const Berth__LaunchJob *launch)
{
    const Berth__JobSpec *spec = launch->spec;
    const Berth__PodWish *pod = spec->pod;
    Berth__PodGrant granted = BERTH__POD_GRANT__INIT;
    cleanup(freep) Berth__PodExport **exports = NULL;

    if (!pod || !pod->manifest.len)
        return NULL;
    exports = xcalloc(pod->n_exports + launch->n_pod_exports + 1, sizeof(*exports));
    for (size_t i = 0; i < pod->n_exports; i++)
        exports[granted.n_exports++] = pod->exports[i];
    for (size_t i = 0; i < launch->n_pod_exports; i++)
        exports[granted.n_exports++] = launch->pod_exports[i];
    granted.exports = exports;
    granted.ports = pod->ports;
    granted.n_ports = pod->n_ports;
    granted.partition = spec->partition;
    granted.account = spec->account;
    return copy_message(&granted.base);
}

bool pod_grant_has_export(const Berth__PodGrant *granted, const char *server,
                          const char *path)
{
    for (size_t i = 0; granted && i < granted->n_exports; i++)
        if (strcmp(granted->exports[i]->server, server) == 0 &&
            strcmp(granted->exports[i]->path, path) == 0)
            return true;
    return false;
}
