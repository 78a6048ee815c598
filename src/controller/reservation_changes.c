/* SPDX-License-Identifier: Apache-2.0
 *
 * reservation_changes.c - what an administrator sets aside
 */
#include "controller/reservations.h"

#include "base/hostlist.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "base/units.h"
#include "controller/jobs.h"
#include "controller/nodes.h"
#include "controller/users.h"
#include "wire/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NAME_CHARS 64

/* One change under way: what there was, and what it becomes. */
struct change {
    struct controller *ctl;
    const Berth__ReservationChange *asked;
    Berth__ReservationRecord *to;
    int64_t now;
    bool moves; /* other nodes or another time */
};

static bool is_set(const struct change *c, const char *field)
{
    for (size_t i = 0; i < c->asked->n_fields; i++)
        if (strcmp(c->asked->fields[i], field) == 0)
            return true;
    return false;
}

static int check_fields(const Berth__ReservationChange *asked, struct err *err)
{
    static const char *const known[] = {
        "nodes", "users",    "accounts",    "start", "end",    "duration",
        "every", "floating", "maintenance", "flex",  "comment"};

    for (size_t i = 0; i < asked->n_fields; i++) {
        bool is_known = false;

        for (size_t k = 0; k < ARRAY_SIZE(known) && !is_known; k++)
            is_known = strcmp(asked->fields[i], known[k]) == 0;
        if (!is_known)
            return err_set(err, EINVAL, "--%s: cannot be set of a reservation",
                           asked->fields[i]);
    }
    return 0;
}

static int check_name(const char *name, struct err *err)
{
    size_t n = strlen(name);

    if (n == 0 || n > NAME_CHARS || strpbrk(name, " \t\n,/'\""))
        return err_set(err, EINVAL,
                       "reservation '%.80s': a name has 1 to %d characters, without "
                       "space, comma, slash and quote",
                       name, NAME_CHARS);
    return 0;
}

/* ------------------------------------------------------------------ nodes */

static const struct config_partition *find_partition(const struct config *config,
                                                     const char *name)
{
    for (size_t i = 0; i < config->n_partitions; i++)
        if (*name ? strcmp(config->partitions[i].name, name) == 0
                  : config->partitions[i].is_default)
            return &config->partitions[i];
    return *name || !config->n_partitions ? NULL : &config->partitions[0];
}

static int unknown_partition(const struct config *config, const char *name,
                             struct err *err)
{
    cleanup(freep) const char **names = xcalloc(config->n_partitions, sizeof(*names));
    const char *near;

    for (size_t i = 0; i < config->n_partitions; i++)
        names[i] = config->partitions[i].name;
    near = nearest_name(name, names, config->n_partitions);
    return err_set(err, EINVAL, "--partition=%.60s: there is no such partition%s%s%s",
                   name, near ? " (did you mean '" : "", near ? near : "",
                   near ? "'?)" : "");
}

static const struct bitset *partition_bits(const struct controller *ctl,
                                           const struct config_partition *partition)
{
    return ctl->partition_nodes[partition - ctl->config->partitions];
}

static char *list_of(const struct controller *ctl, const struct bitset *nodes)
{
    cleanup(strv_freep) char **names = NULL;

    for (size_t i = bitset_next(nodes, 0); i < nodes->nbits;
         i = bitset_next(nodes, i + 1))
        strv_add(&names, ctl->config->nodes[i].name);
    return hostlist_compress(names);
}

static int check_nodes(const struct controller *ctl, const char *list, struct err *err)
{
    cleanup(strv_freep) char **names = NULL;

    if (hostlist_expand(list, &names, err))
        return err_wrap(err, "--nodes");
    strv_foreach (name, names)
        if (!nodes_find(ctl, *name))
            return err_set(err, EINVAL,
                           "--nodes=%.60s: there is no node '%.60s' ('berth nodes' "
                           "lists them)",
                           list, *name);
    return 0;
}

/* A list as it was written; ALL is the partition's, or the cluster's. */
static int name_nodes(struct change *c, const char *list, struct err *err)
{
    const char *name = c->asked->partition;
    const struct config_partition *partition = find_partition(c->ctl->config, name);
    cleanup(bitset_destroyp) struct bitset *all = NULL;
    cleanup(freep) char *text = NULL;

    if (strcmp(list, "ALL") != 0) {
        if (*name)
            return err_set(err, EINVAL,
                           "--partition=%.60s: --nodes=%.60s names the nodes already",
                           name, list);
        if (check_nodes(c->ctl, list, err))
            return -err->code;
        field_set(&c->to->nodes, list);
        return 0;
    }
    if (*name && !partition)
        return unknown_partition(c->ctl->config, name, err);
    all = bitset_create(c->ctl->config->n_nodes);
    bitset_set_range(all, 0, c->ctl->config->n_nodes);
    text = list_of(c->ctl, *name ? partition_bits(c->ctl, partition) : all);
    field_set(&c->to->nodes, text);
    return 0;
}

/* The scheduler chooses those that are free by then. */
static int pick_nodes(struct change *c, struct err *err)
{
    const char *name = c->asked->partition;
    const struct config_partition *partition = find_partition(c->ctl->config, name);
    int64_t start = c->to->floating ? c->now + c->to->floating : c->to->start;
    cleanup(bitset_destroyp) struct bitset *nodes = NULL;
    cleanup(freep) char *text = NULL;

    if (!partition)
        return unknown_partition(c->ctl->config, name, err);
    if (sched_reserve_pick(c->ctl->sched, partition->name, c->asked->count, start,
                           start + (c->to->end - c->to->start), &nodes, err))
        return err_wrap(err, "--nodes=%" PRIu32, c->asked->count);
    text = list_of(c->ctl, nodes);
    field_set(&c->to->nodes, text);
    return 0;
}

static int set_nodes(struct change *c, struct err *err)
{
    const Berth__ReservationRecord *from = c->asked->record;

    if (!is_set(c, "nodes"))
        return *c->to->nodes
                   ? 0
                   : err_set(err, EINVAL, "--nodes: say which nodes, or how many");
    c->moves = true;
    if (*from->nodes)
        return name_nodes(c, from->nodes, err);
    if (c->asked->count)
        return pick_nodes(c, err);
    return err_set(err, EINVAL, "--nodes: a reservation has at least one node");
}

/* ------------------------------------------------------------------ times */

static int set_end(struct change *c, int64_t length, struct err *err)
{
    const Berth__ReservationRecord *from = c->asked->record;
    Berth__ReservationRecord *to = c->to;

    if (is_set(c, "end") && is_set(c, "duration"))
        return err_set(err, EINVAL, "--end and --duration: one of them is enough");
    if (is_set(c, "end"))
        to->end = from->end;
    else if (is_set(c, "duration"))
        to->end = to->start + c->asked->duration;
    else
        to->end = to->start + length;
    if (to->end == to->start && !is_set(c, "end"))
        return err_set(err, EINVAL, "--duration: say how long it lasts, or --end");
    if (to->end <= to->start)
        return err_set(err, EINVAL, "--%s: it would end before it begins",
                       is_set(c, "end") ? "end" : "duration");
    if (to->end <= c->now && !to->every && !to->floating)
        return err_set(err, EINVAL, "--%s: that is past",
                       is_set(c, "end") ? "end" : "start");
    return 0;
}

static int set_times(struct change *c, struct err *err)
{
    static const char *const names[] = {"start", "end", "duration", "every",
                                        "floating"};
    const Berth__ReservationRecord *from = c->asked->record;
    Berth__ReservationRecord *to = c->to;
    int64_t length = to->end - to->start;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        c->moves |= is_set(c, names[i]);
    if (is_set(c, "every"))
        to->every = from->every;
    if (is_set(c, "floating"))
        to->floating = from->floating;
    if (to->every < 0 || to->floating < 0)
        return err_set(err, EINVAL, "--%s: takes a time that is not negative",
                       to->every < 0 ? "every" : "floating");
    if (to->every && to->floating)
        return err_set(err, EINVAL,
                       "--floating: what recurs begins at its own times (--every)");
    if (to->floating && is_set(c, "start"))
        return err_set(err, EINVAL,
                       "--start: a reservation with --floating begins at no time");
    if (is_set(c, "start"))
        to->start = from->start;
    else if (to->start == 0)
        to->start = c->now;
    return set_end(c, length, err);
}

/* ------------------------------------------------------------------ people */

static char **copy_names(char *const *names, size_t n)
{
    char **copy = xcalloc(n, sizeof(*copy));

    for (size_t i = 0; i < n; i++)
        copy[i] = xstrdup(names[i]);
    return copy;
}

static void free_names(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

static int set_users(struct change *c, struct err *err)
{
    const Berth__ReservationRecord *from = c->asked->record;
    cleanup(freep) uint32_t *uids = xcalloc(from->n_users, sizeof(*uids));

    for (size_t i = 0; i < from->n_users; i++)
        if (users_uid(from->users[i], &uids[i]))
            return err_set(err, EINVAL,
                           "--users=%.60s: there is no such user on the controller's "
                           "machine",
                           from->users[i]);
    free_names(c->to->users, c->to->n_users);
    c->to->users = copy_names(from->users, from->n_users);
    c->to->n_users = from->n_users;
    free(c->to->uids);
    c->to->uids = take(uids);
    c->to->n_uids = from->n_users;
    return 0;
}

static int set_accounts(struct change *c, struct err *err)
{
    const Berth__ReservationRecord *from = c->asked->record;
    uint32_t index;

    for (size_t i = 0; i < from->n_accounts; i++)
        if (assoc_find_account(c->ctl->assoc, from->accounts[i], &index, err))
            return err_wrap(err, "--accounts=%.60s", from->accounts[i]);
    free_names(c->to->accounts, c->to->n_accounts);
    c->to->accounts = copy_names(from->accounts, from->n_accounts);
    c->to->n_accounts = from->n_accounts;
    return 0;
}

static int set_people(struct change *c, struct err *err)
{
    const Berth__ReservationRecord *from = c->asked->record;
    Berth__ReservationRecord *to = c->to;
    int rc = 0;

    if (is_set(c, "users"))
        rc = set_users(c, err);
    if (rc == 0 && is_set(c, "accounts"))
        rc = set_accounts(c, err);
    if (rc)
        return rc;
    if (is_set(c, "maintenance"))
        to->maintenance = from->maintenance;
    if (is_set(c, "flex"))
        to->flexible = from->flexible;
    if (is_set(c, "comment"))
        field_set(&to->comment, from->comment);
    if (!to->maintenance && to->n_users == 0 && to->n_accounts == 0)
        return err_set(err, EINVAL,
                       "--users: say who may use it (--users, --accounts), or that "
                       "nobody may (--maintenance)");
    return 0;
}

/* ------------------------------------------------------------------ changing */

/* Which option it was that the scheduler refuses. */
static int name_refusal(struct err *err)
{
    if (strstr(err->text, "time between two"))
        return err_wrap(err, "--every");
    return err_wrap(err, strstr(err->text, "overlaps") ? "--start" : "--nodes");
}

static int judge(struct change *c, const struct ctl_reservation *old, struct err *err)
{
    int rc = set_people(c, err);

    if (rc == 0)
        rc = set_times(c, err);
    if (rc == 0)
        rc = set_nodes(c, err);
    if (rc)
        return rc;
    /* What runs there now was let in, or came to stay, before. */
    rc = reservations_tell(c->ctl, c->to,
                           c->asked->ignore_running || (old && !c->moves), err);
    return rc ? name_refusal(err) : 0;
}

/* The old one is out of the way of nodes that are chosen, and back if it fails. */
static int set(struct change *c, const struct ctl_reservation *old, struct err *err)
{
    struct err words;
    int rc;

    if (old)
        sched_unreserve(c->ctl->sched, old->record->name);
    rc = judge(c, old, err);
    if (rc && old && !old->is_gone &&
        reservations_tell(c->ctl, old->record, true, &words))
        log_error("reservation %s: %s", old->record->name, words.text);
    return rc;
}

static Berth__ReservationRecord *new_record(struct controller *ctl, const char *name,
                                            uid_t by)
{
    Berth__ReservationRecord *record = xmalloc(sizeof(*record));
    const char *user = users_name(ctl, by);

    berth__reservation_record__init(record);
    record->name = xstrdup(name);
    record->created_by = xstrdup(user ? user : "");
    record->created_at = controller_now();
    return record;
}

static int add_or_modify(struct controller *ctl, uid_t by,
                         const Berth__ReservationChange *asked,
                         const struct ctl_reservation *old,
                         struct ctl_reservation **ret, struct err *err)
{
    cleanup(free_messagep) Berth__ReservationRecord *to =
        old ? copy_message(&old->record->base)
            : new_record(ctl, asked->record->name, by);
    struct change c = {.ctl = ctl, .asked = asked, .to = to, .now = controller_now()};
    int rc = set(&c, old, err);

    if (rc == 0)
        *ret = reservations_put(ctl, take(to));
    return rc;
}

/* Jobs that name it would wait for ever. */
static int check_unused(const struct controller *ctl, const char *name, struct err *err)
{
    const struct ctl_job *cj, *next;

    HASH_ITER(hh, ctl->jobs, cj, next)
    if (!job_state_is_final(job_state_of(&cj->job)) &&
        strcmp(cj->job.spec->reservation, name) == 0)
        return err_set(err, EBUSY,
                       "reservation %s: job %" PRIu32
                       " asks for it (--force deletes it all the same)",
                       name, cj->id);
    return 0;
}

static int remove_one(struct controller *ctl, struct ctl_reservation *old, bool force,
                      struct err *err)
{
    int rc = force ? 0 : check_unused(ctl, old->record->name, err);

    if (rc == 0)
        reservations_remove(ctl, old);
    return rc;
}

int reservation_change_apply(struct controller *ctl, uid_t by,
                             const Berth__ReservationChange *change,
                             struct ctl_reservation **ret, struct err *err)
{
    const char *name = change->record ? change->record->name : "";
    struct ctl_reservation *old = reservations_find(ctl, name);
    int rc = check_name(name, err);

    if (rc == 0)
        rc = check_fields(change, err);
    if (rc)
        return rc;
    switch (change->op) {
    case BERTH__CHANGE_OP__CHANGE_ADD:
        if (old)
            return err_set(err, EEXIST,
                           "there is a reservation %s already ('berth reserve update' "
                           "changes it)",
                           name);
        return add_or_modify(ctl, by, change, NULL, ret, err);
    case BERTH__CHANGE_OP__CHANGE_MODIFY:
        if (!old)
            return err_set(err, ENOENT, "there is no reservation '%s'", name);
        return add_or_modify(ctl, by, change, old, ret, err);
    case BERTH__CHANGE_OP__CHANGE_DELETE:
        if (!old)
            return err_set(err, ENOENT, "there is no reservation '%s'", name);
        return remove_one(ctl, old, change->force, err);
    case BERTH__CHANGE_OP__CHANGE_SET:
    case BERTH__CHANGE_OP__CHANGE_RESET_USAGE:
    case BERTH__CHANGE_OP__CHANGE_NONE:
    case _BERTH__CHANGE_OP_IS_INT_SIZE:
        break;
    }
    return err_set(err, EINVAL, "the controller does not know the order %d",
                   (int)change->op);
}
