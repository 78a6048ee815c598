/* SPDX-License-Identifier: Apache-2.0
 *
 * admission.c - may this user's job be in this account, QOS and partition?
 */
#include "base/mem.h"
#include "base/strv.h"
#include "controller/accounts.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX 4096

static bool is_listed(const char *list, const char *name)
{
    cleanup(strv_freep) char **names = strv_split(list, ",");

    return strv_has(names, name);
}

static bool has_gid(const gid_t *gids, int n, gid_t gid)
{
    for (int i = 0; i < n; i++)
        if (gids[i] == gid)
            return true;
    return false;
}

/* Is the user in one of these groups? Groups that do not exist have no members. */
static bool is_in_group(const Berth__JobSpec *spec, const char *list)
{
    cleanup(strv_freep) char **names = strv_split(list, ",");
    cleanup(freep) gid_t *gids = xcalloc(GROUPS_MAX, sizeof(*gids));
    int n = GROUPS_MAX;

    if (getgrouplist(spec->user, spec->gid, gids, &n) < 0)
        n = GROUPS_MAX;
    strv_foreach (name, names) {
        const struct group *group = getgrnam(*name);

        if (group && has_gid(gids, n, group->gr_gid))
            return true;
    }
    return false;
}

static int check_partition(const struct config_partition *p, const Berth__JobSpec *spec,
                           struct err *err)
{
    if (p->allow_groups && !controller_is_admin(spec->uid) &&
        !is_in_group(spec, p->allow_groups))
        return err_set(err, EACCES,
                       "--partition=%s: it is for members of %s, and user %s is none",
                       p->name, p->allow_groups, spec->user);
    if (p->allow_accounts && !is_listed(p->allow_accounts, spec->account))
        return err_set(err, EACCES, "--account=%s: partition %s is for %s",
                       spec->account, p->name, p->allow_accounts);
    if (p->deny_accounts && is_listed(p->deny_accounts, spec->account))
        return err_set(err, EACCES, "--account=%s: partition %s takes no jobs of it",
                       spec->account, p->name);
    if (p->allow_qos && !is_listed(p->allow_qos, spec->qos))
        return err_set(err, EACCES, "--qos=%s: partition %s is for %s", spec->qos,
                       p->name, p->allow_qos);
    return 0;
}

static const struct config_partition *find_partition(const struct config *config,
                                                     const char *name)
{
    for (size_t i = 0; i < config->n_partitions; i++)
        if (strcmp(config->partitions[i].name, name) == 0)
            return &config->partitions[i];
    return NULL;
}

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

int accounts_admit(struct controller *ctl, Berth__JobSpec *spec, struct err *err)
{
    const struct config_partition *p = find_partition(ctl->config, spec->partition);
    struct assoc_who who = {.user = spec->user,
                            .account = or_null(spec->account),
                            .qos = or_null(spec->qos),
                            .partition = or_null(spec->partition),
                            .partition_qos = p ? p->qos : NULL,
                            .privileged = controller_is_admin(spec->uid)};
    struct assoc_handle handle;
    struct assoc_object object;
    int rc = assoc_resolve(ctl->assoc, &who, &handle, err);

    if (rc)
        return rc;
    BUG_ON(!assoc_get(ctl->assoc, handle.leaf, &object));
    field_set(&spec->account, object.account);
    field_set(&spec->qos, assoc_qos(ctl->assoc, handle.qos)->name);
    return p ? check_partition(p, spec, err) : 0;
}
