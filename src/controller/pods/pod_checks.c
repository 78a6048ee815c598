/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_checks.c - what a pod may not ask for here, and what does less than it says
 *
 * Rules of manifests (src/objects) know neither the owner nor this cluster; these do.
 */
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ipv4.h"
#include "base/mem.h"
#include "controller/objects/object_make.h"
#include "controller/pods/pod_admit_priv.h"
#include "controller/pods/pod_status.h"
#include "objects/find.h"

#define GROUPS_MAX 4096
#define PORTS_MAX 1000 /* what a node takes, see podnet/records.h */

const char *pod_account_of(const Berth__ObjectRecord *record)
{
    bool is_own = !*record->name_space || strcmp(record->name_space, "default") == 0 ||
                  strchr(record->name_space, ':');

    return is_own ? NULL : record->name_space;
}

void admission_warn(const struct admission *a, const char *fmt, ...)
{
    char words[512];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, ap);
    va_end(ap);
    words_add(a->warning, words);
}

/* ------------------------------------------------------------------ whose it is */

/* ------------------------------------------------------------------ whose it is */

static bool is_in_group(const Berth__ObjectRecord *record, int64_t gid)
{
    cleanup(freep) gid_t *gids = NULL;
    int n = GROUPS_MAX;

    if (gid == record->owner_gid)
        return true;
    gids = xcalloc(GROUPS_MAX, sizeof(*gids));
    if (getgrouplist(record->owner_user, record->owner_gid, gids, &n) < 0)
        n = GROUPS_MAX;
    for (int i = 0; i < n; i++)
        if (gids[i] == (gid_t)gid)
            return true;
    return false;
}

static int check_groups(const struct admission *a)
{
    const struct mf_pod_security *s = a->pod->spec->security;

    if (!s)
        return 0;
    for (size_t i = 0; i < s->groups.n; i++)
        if (!is_in_group(a->record, s->groups.items[i]))
            return err_set(a->err, EACCES,
                           "spec.securityContext.supplementalGroups[%zu]: you are not "
                           "in group %" PRId64,
                           i, s->groups.items[i]);
    return 0;
}

/* What is in an account's namespace is that account's. */
static int check_account(const struct admission *a)
{
    const char *said = annotation_find(a->pod->meta, "berth/account");
    const char *account = pod_account_of(a->record);

    if (said && account && strcmp(said, account) != 0)
        return err_set(a->err, EINVAL,
                       "metadata.annotations[berth/account]: %.64s: what is in "
                       "namespace '%.64s' is of that account",
                       said, account);
    return 0;
}

/* Each is a control group, and processes to look after. */
static int check_count(const struct admission *a)
{
    size_t n = pod_n_containers(a->pod->spec);

    if (n > POD_CONTAINERS_MAX)
        return err_set(a->err, E2BIG, "spec.containers: %zu of them, more than %d", n,
                       POD_CONTAINERS_MAX);
    return 0;
}

/* ------------------------------------------------------------------ ports */

/* Elsewhere than in the node's own network, where a port is only told of. */
static int check_port(const struct admission *a, const char *name,
                      const struct mf_port *port)
{
    const char *range = a->config->pods.host_ports;
    uint32_t address;

    if (!config_pod_host_port(a->config, port->host_port))
        return err_set(a->err, EACCES,
                       "container %s: hostPort %" PRId64 ": pods may take %s%s of "
                       "their node (pods.host_ports)",
                       name, port->host_port, range ? "ports " : "no ports",
                       range ? range : "");
    if (port->protocol == MF_SCTP)
        return err_set(a->err, EINVAL,
                       "container %s: hostPort %" PRId64 ": only ports of TCP and UDP "
                       "lead to pods",
                       name, port->host_port);
    if (port->host_ip && ipv4_parse(port->host_ip, &address, NULL))
        return err_set(a->err, EINVAL,
                       "container %s: hostPort %" PRId64 ": hostIP %s is not IPv4, and "
                       "only that leads to pods",
                       name, port->host_port, port->host_ip);
    return 0;
}

static int check_ports(const struct admission *a)
{
    const struct mf_pod_spec *spec = a->pod->spec;
    size_t n = 0;
    int rc = 0;

    if (spec->has_host_network)
        return 0;
    for (size_t i = 0; i < pod_n_containers(spec); i++) {
        const struct mf_container *c = pod_container_at(spec, i);

        for (size_t k = 0; rc == 0 && k < c->ports.n; k++)
            if (c->ports.items[k].host_port > 0 && ++n)
                rc = check_port(a, c->name, &c->ports.items[k]);
    }
    if (rc == 0 && n > PORTS_MAX)
        rc = err_set(a->err, E2BIG,
                     "spec.containers: ports: a pod may take %d hostPorts", PORTS_MAX);
    return rc;
}

/* ------------------------------------------------------------------ taken, with a
 * warning */

static bool has_fs_group(const struct mf_pod_spec *spec)
{
    return spec->security && spec->security->fs_group != MF_UNSET;
}

static const struct {
    const char *field;
    bool (*is_asked)(const struct mf_pod_spec *spec);
    const char *words;
} shortcomings[] = {
    {"spec.securityContext.fsGroup", has_fs_group,
     "files in volumes are the user's, and keep the group that they have"},
};

static int tell_shortcomings(const struct admission *a)
{
    for (size_t i = 0; i < ARRAY_SIZE(shortcomings); i++) {
        if (!shortcomings[i].is_asked(a->pod->spec))
            continue;
        admission_warn(a, "%s: %s", shortcomings[i].field, shortcomings[i].words);
    }
    return 0;
}

/* ------------------------------------------------------------------ all of it */

static int (*const checks[])(const struct admission *a) = {
    check_account, check_count, check_groups, check_ports, tell_shortcomings,
};

int pod_checks(const struct admission *a)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(checks); i++)
        rc = checks[i](a);
    return rc;
}
