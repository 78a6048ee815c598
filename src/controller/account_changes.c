/* SPDX-License-Identifier: Apache-2.0
 *
 * account_changes.c - what an administrator sets of accounts, users and QOS
 *
 * Everything is read and judged before anything changes.
 */
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "base/units.h"
#include "controller/accounts.h"
#include "controller/dispatch.h"
#include "controller/handlers.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHARES_MAX 1000000000

static int unknown_setting(const Berth__Setting *setting, const char *const *names,
                           size_t n, struct err *err)
{
    const char *near = nearest_name(setting->name, names, n);
    enum limit limit;

    if (limit_find(setting->name, &limit, err) == 0)
        return err_set(err, EINVAL, "--%s: is a limit of a QOS", setting->name);
    if (near)
        return err_set(err, EINVAL, "--%s: cannot be set here (did you mean --%s?)",
                       setting->name, near);
    return err_set(err, EINVAL, "--%s: cannot be set here", setting->name);
}

/* "a,b" is the list; "+a" and "-b" change the one there was. */
static void edit_list(const char *text, char ***list)
{
    cleanup(strv_freep) char **words = strv_split(text, ",");
    bool is_edit = *text == '+' || *text == '-';
    char sign = *text;

    if (!is_edit) {
        strv_free(*list);
        *list = NULL;
    }
    for (size_t i = 0; words && words[i]; i++) {
        const char *word = words[i];
        char **kept = NULL;

        if (*word == '+' || *word == '-')
            sign = *word++;
        strv_foreach (name, *list)
            if (strcmp(*name, word) != 0)
                strv_add(&kept, *name);
        if (!is_edit || sign == '+')
            strv_add(&kept, word);
        strv_free(*list);
        *list = kept;
    }
}

static int parse_yes(const char *text, bool *ret, struct err *err)
{
    *ret = strcmp(text, "yes") == 0 || !*text;
    if (*ret || strcmp(text, "no") == 0)
        return 0;
    return err_set(err, EINVAL, "'%s' is neither yes nor no", text);
}

/* ------------------------------------------------------------------ accounts */

/* What an account or a user in one will be. */
struct wanted {
    struct limits limits;
    uint32_t shares;
    char *parent;      /* NULL: it stays */
    char *default_qos; /* "": as the parent has it */
    char **qos;
    bool is_default;
};

static void wanted_fini(struct wanted *wanted)
{
    free(wanted->parent);
    free(wanted->default_qos);
    strv_free(wanted->qos);
}

static void wanted_from(const struct assoc *assoc, uint32_t index, struct wanted *ret)
{
    struct assoc_object object;
    const struct qos *qos;

    *ret = (struct wanted){.shares = 1};
    if (!assoc_get(assoc, index, &object))
        return;
    ret->limits = *object.limits;
    ret->shares = object.shares;
    qos = assoc_qos(assoc, object.default_qos);
    ret->default_qos = qos ? xstrdup(qos->name) : NULL;
    for (size_t i = 0; i < object.n_qos; i++)
        strv_add(&ret->qos, assoc_qos(assoc, object.qos[i])->name);
}

static int set_shares(struct wanted *wanted, const char *text, struct err *err)
{
    int64_t shares;
    int rc = number_parse(text, 0, SHARES_MAX, &shares, err);

    if (rc == 0)
        wanted->shares = (uint32_t)shares;
    return rc;
}

static int set_one(struct wanted *wanted, bool is_user, const Berth__Setting *setting,
                   struct err *err)
{
    static const char *const names[] = {"shares", "qos", "default-qos", "parent",
                                        "default"};
    const char *name = setting->name, *text = setting->text;
    enum limit limit;

    if (strcmp(name, "shares") == 0)
        return set_shares(wanted, text, err);
    if (strcmp(name, "default-qos") == 0)
        str_replace(&wanted->default_qos, strcmp(text, "none") == 0 ? "" : text);
    else if (strcmp(name, "qos") == 0)
        edit_list(strcmp(text, "none") == 0 ? "" : text, &wanted->qos);
    else if (strcmp(name, "parent") == 0 && !is_user)
        str_replace(&wanted->parent, text);
    else if (strcmp(name, "default") == 0 && is_user)
        return parse_yes(text, &wanted->is_default, err);
    else if (limit_find(name, &limit, NULL) == 0 && !limit_is_qos_only(limit))
        return limits_parse(&wanted->limits, limit, text, err);
    else
        return unknown_setting(setting, names, ARRAY_SIZE(names), err);
    return 0;
}

static int read_settings(const Berth__AccountChange *change, struct wanted *wanted,
                         struct err *err)
{
    for (size_t i = 0; i < change->n_settings; i++) {
        const Berth__Setting *setting = change->settings[i];
        int rc = set_one(wanted, change->user[0], setting, err);

        if (rc == 0)
            continue;
        if (strstr(err->text, setting->name))
            return rc; /* it names the option already */
        return err_wrap(err, "--%s=%s", setting->name, setting->text);
    }
    return 0;
}

/* All that could fail later, without changing anything. */
static int check_wanted(const struct controller *ctl, const struct wanted *wanted,
                        struct err *err)
{
    uint32_t found;

    if (wanted->default_qos && wanted->default_qos[0] &&
        assoc_qos_find(ctl->assoc, wanted->default_qos, &found, err))
        return err_wrap(err, "--default-qos=%s", wanted->default_qos);
    strv_foreach (name, wanted->qos)
        if (assoc_qos_find(ctl->assoc, *name, &found, err))
            return err_wrap(err, "--qos=%s", *name);
    if (wanted->parent && assoc_find_account(ctl->assoc, wanted->parent, &found, err))
        return err_wrap(err, "--parent=%s", wanted->parent);
    return 0;
}

static void fill(struct controller *ctl, uint32_t index,
                 const Berth__AccountChange *change, const struct wanted *wanted)
{
    const char *default_qos =
        wanted->default_qos && wanted->default_qos[0] ? wanted->default_qos : NULL;

    assoc_set_limits(ctl->assoc, index, &wanted->limits);
    assoc_set_shares(ctl->assoc, index, wanted->shares);
    BUG_ON(assoc_set_default_qos(ctl->assoc, index, default_qos, NULL));
    BUG_ON(assoc_set_qos(ctl->assoc, index, (const char *const *)wanted->qos,
                         strv_len(wanted->qos), NULL));
    if (change->user[0] && wanted->is_default)
        BUG_ON(
            assoc_set_default_account(ctl->assoc, change->user, change->account, NULL));
    if (change->user[0])
        accounts_save_user(ctl, change->user);
    else
        accounts_save(ctl, index);
}

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static uint32_t find(const struct controller *ctl, const Berth__AccountChange *change)
{
    return assoc_find(ctl->assoc, change->account, or_null(change->user),
                      or_null(change->partition));
}

/* -ENOENT with words when it is not there, or only because nobody added it. */
static int find_added(const struct controller *ctl, const Berth__AccountChange *change,
                      uint32_t *ret, struct err *err)
{
    uint32_t index = find(ctl, change), account;
    struct assoc_object object;
    int rc = assoc_find_account(ctl->assoc, change->account, &account, err);

    if (rc)
        return rc;
    if (index == ASSOC_NONE ||
        (assoc_get(ctl->assoc, index, &object) && object.user && object.implicit))
        return err_set(err, ENOENT, "user %s is not in account %s%s%s", change->user,
                       change->account, change->partition[0] ? " for partition " : "",
                       change->partition);
    *ret = index;
    return 0;
}

static int add_object(struct controller *ctl, const Berth__AccountChange *change,
                      const struct wanted *wanted, uint32_t *ret, struct err *err)
{
    if (change->user[0])
        return assoc_add_user(ctl->assoc, change->user, change->account,
                              or_null(change->partition), ret, err);
    return assoc_add_account(ctl->assoc, change->account, wanted->parent, ret, err);
}

static int add(struct controller *ctl, const Berth__AccountChange *change,
               struct err *err)
{
    struct wanted wanted = {.shares = 1};
    uint32_t index;
    int rc = read_settings(change, &wanted, err);

    if (rc == 0)
        rc = check_wanted(ctl, &wanted, err);
    if (rc == 0)
        rc = add_object(ctl, change, &wanted, &index, err);
    if (rc == 0)
        fill(ctl, index, change, &wanted);
    wanted_fini(&wanted);
    return rc;
}

static int move(struct controller *ctl, uint32_t index, const struct wanted *wanted,
                struct err *err)
{
    struct assoc_object object, parent;

    if (!wanted->parent || !assoc_get(ctl->assoc, index, &object))
        return 0;
    if (assoc_get(ctl->assoc, object.parent, &parent) &&
        strcmp(parent.account, wanted->parent) == 0)
        return 0;
    return assoc_move(ctl->assoc, index, wanted->parent, controller_now(), err);
}

static int modify(struct controller *ctl, const Berth__AccountChange *change,
                  struct err *err)
{
    struct wanted wanted = {0};
    uint32_t index;
    int rc = find_added(ctl, change, &index, err);

    if (rc)
        return rc;
    wanted_from(ctl->assoc, index, &wanted);
    rc = read_settings(change, &wanted, err);
    if (rc == 0)
        rc = check_wanted(ctl, &wanted, err);
    if (rc == 0)
        rc = move(ctl, index, &wanted, err);
    if (rc == 0)
        fill(ctl, index, change, &wanted);
    wanted_fini(&wanted);
    return rc;
}

/* Members that nobody added, as administrators are, keep no account alive. */
static int remove_strays(struct controller *ctl, uint32_t account, struct err *err)
{
    struct assoc_object object;

    for (uint32_t i = 0; i < assoc_count(ctl->assoc); i++) {
        if (!assoc_get(ctl->assoc, i, &object) || object.parent != account ||
            !object.user || !object.implicit)
            continue;
        cleanup(freep) char *user = xstrdup(object.user);
        cleanup(freep) char *name = xstrdup(object.account);
        int rc = assoc_remove(ctl->assoc, i, err);

        if (rc)
            return rc;
        accounts_erase(ctl, &(struct assoc_object){.account = name, .user = user});
    }
    return 0;
}

static int delete (struct controller *ctl, const Berth__AccountChange *change,
                   struct err *err)
{
    /* Names die with the object, and the message has them too. */
    struct assoc_object object = {.account = change->account,
                                  .user = or_null(change->user),
                                  .partition = or_null(change->partition)};
    uint32_t index;
    int rc = find_added(ctl, change, &index, err);

    if (rc == 0 && !object.user)
        rc = remove_strays(ctl, index, err);
    if (rc == 0)
        rc = assoc_remove(ctl->assoc, index, err);
    if (rc)
        return rc;
    accounts_erase(ctl, &object);
    accounts_save_usage(ctl);
    if (object.user)
        accounts_save_user(ctl, object.user);
    return 0;
}

static int reset_usage(struct controller *ctl, const Berth__AccountChange *change,
                       struct err *err)
{
    uint32_t index;
    int rc = find_added(ctl, change, &index, err);

    if (rc)
        return rc;
    assoc_reset_usage(ctl->assoc, index, controller_now());
    accounts_save_usage(ctl);
    return 0;
}

int account_change_apply(struct controller *ctl, const Berth__AccountChange *change,
                         struct err *err)
{
    struct assoc_object object;
    uint32_t index;

    switch (change->op) {
    case BERTH__CHANGE_OP__CHANGE_ADD:
        return add(ctl, change, err);
    case BERTH__CHANGE_OP__CHANGE_MODIFY:
        return modify(ctl, change, err);
    case BERTH__CHANGE_OP__CHANGE_SET:
        index = find(ctl, change);
        if (index != ASSOC_NONE && assoc_get(ctl->assoc, index, &object) &&
            !(object.user && object.implicit))
            return modify(ctl, change, err);
        return add(ctl, change, err);
    case BERTH__CHANGE_OP__CHANGE_DELETE:
        return delete (ctl, change, err);
    case BERTH__CHANGE_OP__CHANGE_RESET_USAGE:
        return reset_usage(ctl, change, err);
    case BERTH__CHANGE_OP__CHANGE_NONE:
    case _BERTH__CHANGE_OP_IS_INT_SIZE:
        break;
    }
    return err_set(err, EINVAL, "the controller does not know the order %d",
                   (int)change->op);
}

void handle_account_change(struct conn *conn, const Berth__Envelope *env)
{
    struct err err;

    if (account_change_apply(conn->ctl, env->account_change, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    dispatch_want_pass(conn->ctl);
    conn_ok_committed(conn, env->id);
}
