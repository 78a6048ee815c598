/* SPDX-License-Identifier: Apache-2.0
 *
 * resolve.c - from names in a request to a handle
 */
#include <errno.h>
#include <string.h>

#include "assoc/internal.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"

static int name_account(struct assoc *assoc, const struct assoc_who *who, uint32_t *ret,
                        struct err *err)
{
    struct user *user;

    *ret = ASSOC_ROOT;
    if (assoc_is_trivial(assoc))
        return 0;
    if (who->account) {
        int rc = assoc_find_account(assoc, who->account, ret, err);
        if (rc < 0) {
            err_wrap(err, "--account=%s", who->account);
            return -EINVAL;
        }
        return 0;
    }
    HASH_FIND_STR(assoc->users, who->user, user);
    if (user && user->default_account != ASSOC_NONE)
        *ret = user->default_account;
    else if (!who->privileged)
        return err_set(err, EACCES,
                       "user %s is in no account: an administrator can help with "
                       "'berth account add-user %s ACCOUNT'",
                       who->user, who->user);
    return 0;
}

/* "physics, chemistry": where the user is. */
static char *accounts_of(const struct assoc *assoc, const char *user)
{
    struct strbuf sb = STRBUF_INIT;

    for (uint32_t i = 0; i < assoc->n_nodes; i++) {
        const struct node *node = &assoc->nodes[i];

        if (node->in_use && node->user && !node->implicit &&
            strcmp(node->user, user) == 0)
            strbuf_printf(&sb, "%s%s", sb.len ? ", " : "", node->account);
    }
    return strbuf_take(&sb);
}

static int refuse_account(const struct assoc *assoc, const struct assoc_who *who,
                          uint32_t account, struct err *err)
{
    cleanup(freep) char *list = accounts_of(assoc, who->user);
    const char *name = assoc->nodes[account].account;

    if (!*list)
        return err_set(err, EACCES, "--account=%s: user %s is in no account", name,
                       who->user);
    return err_set(err, EACCES, "--account=%s: user %s is not in it (but in %s)", name,
                   who->user, list);
}

static int find_leaf(struct assoc *assoc, const struct assoc_who *who, uint32_t account,
                     uint32_t *ret, struct err *err)
{
    const char *name = assoc->nodes[account].account;
    uint32_t index = ASSOC_NONE;
    bool open = assoc_is_trivial(assoc) || who->privileged;

    if (who->partition)
        index = assoc_find(assoc, name, who->user, who->partition);
    if (index == ASSOC_NONE)
        index = assoc_find(assoc, name, who->user, NULL);
    if (!open && (index == ASSOC_NONE || assoc->nodes[index].implicit))
        return refuse_account(assoc, who, account, err);
    if (index == ASSOC_NONE)
        index = assoc_add_leaf(assoc, who->user, account, NULL, true);
    *ret = index;
    return 0;
}

static uint32_t default_qos(const struct assoc *assoc, uint32_t leaf)
{
    for (uint32_t i = leaf; i != ASSOC_NONE; i = assoc->nodes[i].parent)
        if (assoc->nodes[i].default_qos != ASSOC_NONE)
            return assoc->nodes[i].default_qos;
    return QOS_NORMAL;
}

/* The nearest list, from the leaf up, decides. Without any, all may be asked for. */
static const struct node *list_owner(const struct assoc *assoc, uint32_t leaf)
{
    for (uint32_t i = leaf; i != ASSOC_NONE; i = assoc->nodes[i].parent)
        if (assoc->nodes[i].n_qos)
            return &assoc->nodes[i];
    return NULL;
}

static int refuse_qos(const struct assoc *assoc, const struct assoc_who *who,
                      const struct node *owner, struct err *err)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < owner->n_qos; i++)
        strbuf_printf(&sb, "%s%s", i ? ", " : "", assoc->qos[owner->qos[i]].qos.name);
    cleanup(freep) char *list = strbuf_take(&sb);
    return err_set(err, EACCES, "--qos=%s: user %s may use %s", who->qos, who->user,
                   list);
}

static int name_qos(const struct assoc *assoc, const struct assoc_who *who,
                    uint32_t leaf, uint32_t *ret, struct err *err)
{
    uint32_t usual = default_qos(assoc, leaf), asked;

    *ret = usual;
    if (!who->qos)
        return 0;
    if (assoc_qos_find(assoc, who->qos, &asked, err) < 0) {
        err_wrap(err, "--qos=%s", who->qos);
        return -EINVAL;
    }
    const struct node *owner = list_owner(assoc, leaf);
    bool allowed = asked == usual || !owner || who->privileged;
    for (size_t i = 0; !allowed && i < owner->n_qos; i++)
        allowed = owner->qos[i] == asked;
    if (!allowed)
        return refuse_qos(assoc, who, owner, err);
    *ret = asked;
    return 0;
}

static int name_partition_qos(const struct assoc *assoc, const struct assoc_who *who,
                              uint32_t qos, uint32_t *ret, struct err *err)
{
    *ret = ASSOC_NONE;
    if (!who->partition_qos)
        return 0;
    int rc = assoc_qos_find(assoc, who->partition_qos, ret, err);
    if (rc < 0)
        return err_wrap(err, "partition %s", who->partition ? who->partition : "?");
    if (*ret == qos)
        *ret = ASSOC_NONE; /* the job's own already */
    return 0;
}

static void find_tallies(struct assoc *assoc, struct assoc_handle *h)
{
    const uint32_t qos[2] = {h->qos, h->part_qos};
    uint32_t account = assoc->nodes[h->leaf].parent;

    for (int q = 0; q < 2; q++) {
        if (qos[q] == ASSOC_NONE)
            continue;
        h->tally[q][0] = assoc_part(assoc, qos[q], false, h->user);
        h->tally[q][1] = assoc_part(assoc, qos[q], true, account);
    }
}

int assoc_resolve(struct assoc *assoc, const struct assoc_who *who,
                  struct assoc_handle *ret, struct err *err)
{
    struct assoc_handle h = {0};
    uint32_t account;
    int rc = name_account(assoc, who, &account, err);

    if (rc == 0)
        rc = find_leaf(assoc, who, account, &h.leaf, err);
    if (rc == 0)
        rc = name_qos(assoc, who, h.leaf, &h.qos, err);
    if (rc == 0)
        rc = name_partition_qos(assoc, who, h.qos, &h.part_qos, err);
    if (rc < 0)
        return rc;
    h.user = assoc->nodes[h.leaf].user_no;
    h.usage_factor = (float)assoc->qos[h.qos].qos.usage_factor;
    find_tallies(assoc, &h);
    *ret = h;
    return 0;
}
