/* SPDX-License-Identifier: Apache-2.0
 *
 * tree.c - accounts and their users, as an administrator changes them
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "assoc/internal.h"
#include "base/mem.h"
#include "base/nearest.h"

/* ---- names */

int assoc_check_name(const char *what, const char *name, struct err *err)
{
    size_t len = strlen(name);

    if (len == 0 || len > ASSOC_NAME_MAX)
        return err_set(err, EINVAL, "%s '%.80s': a name has 1 to %d characters", what,
                       name, ASSOC_NAME_MAX);
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr(c == name ? "_" : "_.@+-$", *c))
            return err_set(err, EINVAL,
                           "%s '%s': a name has letters, digits and _ . @ + -, and "
                           "begins with a letter, a digit or _",
                           what, name);
    return 0;
}

static char *key_of(const char *account, const char *user, const char *partition)
{
    return xasprintf("%s/%s/%s", account, user ? user : "", partition ? partition : "");
}

uint32_t assoc_find(const struct assoc *assoc, const char *account, const char *user,
                    const char *partition)
{
    cleanup(freep) char *key = key_of(account, user, partition);
    struct node_name *name;

    HASH_FIND(hh, assoc->names, key, strlen(key), name);
    return name ? name->index : ASSOC_NONE;
}

static void put_name(struct assoc *assoc, uint32_t index)
{
    const struct node *node = &assoc->nodes[index];
    struct node_name *name = xcalloc(1, sizeof *name);

    name->key = key_of(node->account, node->user, node->partition);
    name->index = index;
    HASH_ADD_KEYPTR(hh, assoc->names, name->key, strlen(name->key), name);
}

static void drop_name(struct assoc *assoc, uint32_t index)
{
    const struct node *node = &assoc->nodes[index];
    cleanup(freep) char *key = key_of(node->account, node->user, node->partition);
    struct node_name *name;

    HASH_FIND(hh, assoc->names, key, strlen(key), name);
    HASH_DEL(assoc->names, name);
    free(name->key);
    free(name);
}

int assoc_find_account(const struct assoc *assoc, const char *account, uint32_t *ret,
                       struct err *err)
{
    uint32_t index = assoc_find(assoc, account, NULL, NULL);
    size_t n = 0;

    if (index != ASSOC_NONE) {
        *ret = index;
        return 0;
    }
    cleanup(freep) const char **names = xcalloc(assoc->n_nodes, sizeof *names);
    for (uint32_t i = 0; i < assoc->n_nodes; i++)
        if (assoc->nodes[i].in_use && !assoc->nodes[i].user)
            names[n++] = assoc->nodes[i].account;
    const char *near = nearest_name(account, names, n);
    return err_set(err, ENOENT, "there is no account '%s'%s%s%s", account,
                   near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

struct user *assoc_user(struct assoc *assoc, const char *name)
{
    struct user *user;

    HASH_FIND_STR(assoc->users, name, user);
    if (user)
        return user;
    user = xcalloc(1, sizeof *user);
    user->name = xstrdup(name);
    user->no = assoc->n_users++;
    user->default_account = ASSOC_NONE;
    HASH_ADD_KEYPTR(hh, assoc->users, user->name, strlen(user->name), user);
    assoc->user_of = xrealloc(assoc->user_of, assoc->n_users, sizeof *assoc->user_of);
    assoc->user_of[user->no] = user;
    return user;
}

/* ---- nodes */

static uint32_t free_slot(struct assoc *assoc)
{
    for (uint32_t i = assoc->n_nodes; i-- > 1;)
        if (!assoc->nodes[i].in_use)
            return i;
    assoc->nodes = xrealloc(assoc->nodes, assoc->n_nodes + 1, sizeof *assoc->nodes);
    return assoc->n_nodes++;
}

static void link_child(struct assoc *assoc, uint32_t index, uint32_t parent)
{
    struct node *node = &assoc->nodes[index];

    node->parent = parent;
    node->next_sibling = assoc->nodes[parent].first_child;
    assoc->nodes[parent].first_child = index;
}

static void unlink_child(struct assoc *assoc, uint32_t index)
{
    const struct node *node = &assoc->nodes[index];
    uint32_t *link = &assoc->nodes[node->parent].first_child;

    while (*link != index)
        link = &assoc->nodes[*link].next_sibling;
    *link = node->next_sibling;
}

static void update_set_up(struct assoc *assoc, uint32_t index)
{
    struct node *node = &assoc->nodes[index];

    node->set_up = node->limits.set;
    if (node->parent != ASSOC_NONE)
        node->set_up |= assoc->nodes[node->parent].set_up;
    for (uint32_t i = node->first_child; i != ASSOC_NONE;
         i = assoc->nodes[i].next_sibling)
        update_set_up(assoc, i);
}

static uint32_t add_node(struct assoc *assoc, const char *account, const char *user,
                         const char *partition, uint32_t parent)
{
    char *name = xstrdup(account); /* which may be a node's, and nodes may move */
    uint32_t index = free_slot(assoc);

    assoc->nodes[index] = (struct node){
        .in_use = true,
        .account = name,
        .user = user ? xstrdup(user) : NULL,
        .partition = partition ? xstrdup(partition) : NULL,
        .first_child = ASSOC_NONE,
        .shares = 1,
        .default_qos = ASSOC_NONE,
        .meter.since = usage_w(assoc, assoc->now),
        .fair.factor = 1,
    };
    link_child(assoc, index, parent);
    update_set_up(assoc, index);
    put_name(assoc, index);
    assoc->dirty = true;
    return index;
}

static unsigned depth_of(const struct assoc *assoc, uint32_t index)
{
    unsigned depth = 0;

    for (; assoc->nodes[index].parent != ASSOC_NONE; depth++)
        index = assoc->nodes[index].parent;
    return depth;
}

static unsigned height_of(const struct assoc *assoc, uint32_t index)
{
    unsigned height = 0;

    for (uint32_t i = assoc->nodes[index].first_child; i != ASSOC_NONE;
         i = assoc->nodes[i].next_sibling) {
        unsigned below = 1 + height_of(assoc, i);
        height = below > height ? below : height;
    }
    return height;
}

int assoc_add_account(struct assoc *assoc, const char *account, const char *parent,
                      uint32_t *ret_index, struct err *err)
{
    uint32_t above;
    int rc = assoc_check_name("account", account, err);

    if (rc < 0)
        return rc;
    if (assoc_find(assoc, account, NULL, NULL) != ASSOC_NONE)
        return err_set(err, EEXIST, "account %s is there already", account);
    rc = assoc_find_account(assoc, parent ? parent : "root", &above, err);
    if (rc < 0)
        return rc;
    if (depth_of(assoc, above) + 2 >= ASSOC_DEPTH_MAX)
        return err_set(err, EINVAL, "account %s: accounts nest %d deep at most",
                       account, ASSOC_DEPTH_MAX - 1);
    uint32_t index = add_node(assoc, account, NULL, NULL, above);
    assoc->n_accounts++;
    if (ret_index)
        *ret_index = index;
    return 0;
}

uint32_t assoc_add_leaf(struct assoc *assoc, const char *user, uint32_t account,
                        const char *partition, bool implicit)
{
    uint32_t index =
        add_node(assoc, assoc->nodes[account].account, user, partition, account);

    assoc->nodes[index].implicit = implicit;
    assoc->nodes[index].user_no = assoc_user(assoc, user)->no;
    return index;
}

/* An implicit member becomes a real one, with its past. */
static int add_again(struct assoc *assoc, uint32_t index, struct err *err)
{
    struct node *node = &assoc->nodes[index];

    if (!node->implicit)
        return err_set(err, EEXIST, "user %s is in account %s already", node->user,
                       node->account);
    node->implicit = false;
    assoc->dirty = true;
    return 0;
}

int assoc_add_user(struct assoc *assoc, const char *user, const char *account,
                   const char *partition, uint32_t *ret_index, struct err *err)
{
    uint32_t above;
    int rc = assoc_check_name("user", user, err);

    if (rc == 0 && partition)
        rc = assoc_check_name("partition", partition, err);
    if (rc == 0)
        rc = assoc_find_account(assoc, account, &above, err);
    if (rc < 0)
        return rc;
    uint32_t index = assoc_find(assoc, account, user, partition);
    if (index != ASSOC_NONE)
        rc = add_again(assoc, index, err);
    else
        index = assoc_add_leaf(assoc, user, above, partition, false);
    if (rc < 0)
        return rc;
    struct user *known = assoc_user(assoc, user);
    if (known->default_account == ASSOC_NONE)
        known->default_account = above;
    if (ret_index)
        *ret_index = index;
    return 0;
}

/* Another account that the user is in, or ASSOC_NONE. */
static uint32_t any_account_of(const struct assoc *assoc, uint32_t user_no)
{
    for (uint32_t i = 0; i < assoc->n_nodes; i++) {
        const struct node *node = &assoc->nodes[i];

        if (node->in_use && node->user && !node->implicit && node->user_no == user_no)
            return node->parent;
    }
    return ASSOC_NONE;
}

static void forget_node(struct assoc *assoc, uint32_t index)
{
    struct node *node = &assoc->nodes[index];
    struct meter *above = &assoc->nodes[node->parent].meter;
    bool is_user = node->user != NULL;
    uint32_t user_no = node->user_no, parent = node->parent;

    for (int k = 0; k < USED_N; k++)
        above->settled[k] += node->meter.settled[k];
    usage_mark_unsaved(assoc, false, node->parent);
    drop_name(assoc, index);
    unlink_child(assoc, index);
    free(node->account);
    free(node->user);
    free(node->partition);
    free(node->qos);
    *node = (struct node){0};
    if (!is_user)
        assoc->n_accounts--;
    else if (assoc->user_of[user_no]->default_account == parent)
        assoc->user_of[user_no]->default_account = any_account_of(assoc, user_no);
    assoc->dirty = true;
}

int assoc_remove(struct assoc *assoc, uint32_t index, struct err *err)
{
    const struct node *node = &assoc->nodes[index];
    const char *what = node->user ? node->user : node->account;

    if (index == ASSOC_ROOT)
        return err_set(err, EINVAL, "account root cannot be removed");
    if (node->first_child != ASSOC_NONE)
        return err_set(err, EBUSY, "account %s has %s %s: remove that first", what,
                       assoc->nodes[node->first_child].user ? "user" : "account",
                       assoc->nodes[node->first_child].user
                           ? assoc->nodes[node->first_child].user
                           : assoc->nodes[node->first_child].account);
    if (node->tally.jobs || node->tally.submitted)
        return err_set(err, EBUSY, "%s %s has %u jobs that wait or run",
                       node->user ? "user" : "account", what,
                       node->tally.submitted > node->tally.jobs ? node->tally.submitted
                                                                : node->tally.jobs);
    forget_node(assoc, index);
    return 0;
}

/* What is counted below 'index' leaves (or joins) all accounts from 'from' up. */
static void carry(struct assoc *assoc, uint32_t index, uint32_t from, bool joins)
{
    const struct node *node = &assoc->nodes[index];

    for (uint32_t i = from; i != ASSOC_NONE; i = assoc->nodes[i].parent) {
        struct node *above = &assoc->nodes[i];

        meter_touch(&above->meter, node->meter.since);
        if (joins) {
            tally_join(&above->tally, &node->tally);
            meter_move(NULL, &above->meter, &node->meter);
        } else {
            tally_leave(&above->tally, &node->tally);
            meter_move(&above->meter, NULL, &node->meter);
        }
    }
}

int assoc_move(struct assoc *assoc, uint32_t index, const char *parent, int64_t now,
               struct err *err)
{
    uint32_t to;
    int rc = assoc_find_account(assoc, parent, &to, err);

    if (rc < 0)
        return rc;
    if (index == ASSOC_ROOT || assoc->nodes[index].user)
        return err_set(err, EINVAL, "only an account below root can move");
    for (uint32_t i = to; i != ASSOC_NONE; i = assoc->nodes[i].parent)
        if (i == index)
            return err_set(err, ELOOP, "account %s: %s is below it, or it itself",
                           assoc->nodes[index].account, parent);
    if (depth_of(assoc, to) + 1 + height_of(assoc, index) >= ASSOC_DEPTH_MAX)
        return err_set(err, EINVAL, "account %s: accounts nest %d deep at most",
                       assoc->nodes[index].account, ASSOC_DEPTH_MAX - 1);
    meter_touch(&assoc->nodes[index].meter, usage_w(assoc, assoc_clock(assoc, now)));
    carry(assoc, index, assoc->nodes[index].parent, false);
    unlink_child(assoc, index);
    link_child(assoc, index, to);
    carry(assoc, index, to, true);
    update_set_up(assoc, index);
    assoc->dirty = true;
    return 0;
}

/* ---- what is set of one */

uint32_t assoc_count(const struct assoc *assoc)
{
    return assoc->n_nodes;
}

bool assoc_get(const struct assoc *assoc, uint32_t index, struct assoc_object *ret)
{
    if (index >= assoc->n_nodes || !assoc->nodes[index].in_use)
        return false;
    const struct node *node = &assoc->nodes[index];
    *ret = (struct assoc_object){
        .account = node->account,
        .user = node->user,
        .partition = node->partition,
        .parent = node->parent,
        .shares = node->shares,
        .implicit = node->implicit,
        .default_qos = node->default_qos,
        .qos = node->qos,
        .n_qos = node->n_qos,
        .limits = &node->limits,
    };
    return true;
}

void assoc_set_shares(struct assoc *assoc, uint32_t index, uint32_t shares)
{
    assoc->nodes[index].shares = shares;
    assoc->dirty = true;
}

void assoc_set_limits(struct assoc *assoc, uint32_t index, const struct limits *limits)
{
    assoc->nodes[index].limits = *limits;
    update_set_up(assoc, index);
}

int assoc_set_default_account(struct assoc *assoc, const char *user,
                              const char *account, struct err *err)
{
    uint32_t index;
    int rc = assoc_find_account(assoc, account, &index, err);

    if (rc < 0)
        return rc;
    for (uint32_t i = assoc->nodes[index].first_child; i != ASSOC_NONE;
         i = assoc->nodes[i].next_sibling) {
        const struct node *node = &assoc->nodes[i];

        if (node->user && !node->implicit && strcmp(node->user, user) == 0) {
            assoc->user_of[node->user_no]->default_account = index;
            return 0;
        }
    }
    return err_set(err, ENOENT, "user %s is not in account %s", user, account);
}

const char *assoc_default_account(const struct assoc *assoc, const char *user)
{
    struct user *known;

    HASH_FIND_STR(assoc->users, user, known);
    if (!known || known->default_account == ASSOC_NONE)
        return NULL;
    return assoc->nodes[known->default_account].account;
}
