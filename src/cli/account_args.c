/* SPDX-License-Identifier: Apache-2.0
 *
 * account_args.c - the options of accounts and QOS, and orders made of them
 */
#include "cli/account_args.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

#define META_COUNT "N"
#define META_MEM "SIZE"
#define META_WALL "TIME"
#define META_MINS "MINUTES"
#define ACCOUNT_SET(option, meta, help) \
    OPT_SETTING(option, OPT_NEEDED, struct account_args, settings, meta, help)
#define QOS_SET(option, meta, help) \
    OPT_SETTING(option, OPT_NEEDED, struct qos_args, settings, meta, help)

/* Limits that mean something outside of a QOS, by their scope. */
#define LIMIT_GRP(option, meta, help) ACCOUNT_SET(option, meta, help),
#define LIMIT_MAX(option, meta, help) ACCOUNT_SET(option, meta, help),
#define LIMIT_JOB(option, meta, help) ACCOUNT_SET(option, meta, help),
#define LIMIT_USER(option, meta, help)
#define LIMIT_ACCOUNT(option, meta, help)

/* clang-format off */
const struct opt account_opts[] = {
    ACCOUNT_SET("parent", "ACCOUNT", "the account above (default: root)"),
    ACCOUNT_SET("shares", "N", "of the cluster, against its siblings' (default: 1)"),
    OPT_SETTING("default", OPT_NONE, struct account_args, settings, NULL,
                "of a user: jobs that name no account go here"),
    {"partition", 'p', OPT_NEEDED, "NAME", opt_string,
     offsetof(struct account_args, partition), 0,
     "of a user: only for jobs in this partition", 0},
    {"user", 'u', OPT_NEEDED, "NAME", opt_string, offsetof(struct account_args, user), 0,
     "of list and usage: only this user", 0},
    ACCOUNT_SET("qos", "LIST", "what may be asked for; +LIST, -LIST change it"),
    ACCOUNT_SET("default-qos", "NAME", "of jobs that name none; none: the parent's"),
#define LIMIT(id, option, unit, scope, reason, qos_reason, help) \
    LIMIT_##scope(option, META_##unit, help)
#include "assoc/limits.def"
#undef LIMIT
    OPTS_COMMON(struct account_args, common),
    OPTS_END,
};

const struct opt qos_opts[] = {
    QOS_SET("priority", "N", "the factor is this over the highest there is"),
    QOS_SET("preempts", "LIST", "QOS whose jobs may be preempted; none"),
    QOS_SET("preempt-mode", "MODE",
            "how its own are: cluster, requeue, suspend, cancel, none"),
    QOS_SET("grace", "TIME", "from the warning to the end of a preempted job"),
    QOS_SET("usage-factor", "X", "what its usage counts, 1 in full"),
    QOS_SET("flags", "LIST", "no-reserve, over-partition; none"),
#define LIMIT(id, option, unit, scope, reason, qos_reason, help) \
    QOS_SET(option, META_##unit, help),
#include "assoc/limits.def"
#undef LIMIT
    OPTS_COMMON(struct qos_args, common),
    OPTS_END,
};
/* clang-format on */

/* ------------------------------------------------------------------ orders */

struct order {
    const char *name;
    Berth__ChangeOp op;
    bool of_user; /* USER ACCOUNT, otherwise ACCOUNT or QOS */
};

static const struct order orders[] = {
    {"add", BERTH__CHANGE_OP__CHANGE_ADD, false},
    {"add-user", BERTH__CHANGE_OP__CHANGE_ADD, true},
    {"modify", BERTH__CHANGE_OP__CHANGE_MODIFY, false},
    {"modify-user", BERTH__CHANGE_OP__CHANGE_MODIFY, true},
    {"set", BERTH__CHANGE_OP__CHANGE_SET, false},
    {"set-user", BERTH__CHANGE_OP__CHANGE_SET, true},
    {"delete", BERTH__CHANGE_OP__CHANGE_DELETE, false},
    {"delete-user", BERTH__CHANGE_OP__CHANGE_DELETE, true},
    {"reset-usage", BERTH__CHANGE_OP__CHANGE_RESET_USAGE, false},
};

static const struct order *find_order(const char *name, bool may_be_of_user)
{
    for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
        if (strcmp(orders[i].name, name) == 0 && (may_be_of_user || !orders[i].of_user))
            return &orders[i];
    return NULL;
}

static bool takes_settings(const struct order *order)
{
    return order->op != BERTH__CHANGE_OP__CHANGE_DELETE &&
           order->op != BERTH__CHANGE_OP__CHANGE_RESET_USAGE;
}

static int check_words(const struct order *order, const struct settings *settings,
                       const char *what, int n, struct err *err)
{
    int wanted = order->of_user ? 3 : 2;

    if (n < wanted)
        return err_set(err, EINVAL, "%s: which %s? Give its name", order->name,
                       order->of_user ? n == 1 ? "user" : "account" : what);
    if (n > wanted)
        return err_set(err, EINVAL, "%s: there is one name too many", order->name);
    if (settings->n && !takes_settings(order))
        return err_set(err, EINVAL, "%s: takes no --%s", order->name,
                       settings->list[0]->name);
    if (!settings->n && order->op == BERTH__CHANGE_OP__CHANGE_MODIFY)
        return err_set(err, EINVAL, "%s: what is to change? Give an option such as %s",
                       order->name,
                       strcmp(what, "QOS") == 0 ? "--priority" : "--shares");
    return 0;
}

static Berth__ChangeOp op_of(const struct order *order, bool may_exist)
{
    return may_exist && order->op == BERTH__CHANGE_OP__CHANGE_ADD
               ? BERTH__CHANGE_OP__CHANGE_SET
               : order->op;
}

/* Message fields are not written to. */
static char *borrowed(const char *text)
{
    char *unconst;

    memcpy(&unconst, &text, sizeof(unconst));
    return unconst;
}

int account_order(const struct account_args *args, char **words, int n, bool may_exist,
                  Berth__AccountChange *ret, struct err *err)
{
    const struct order *order = n ? find_order(words[0], true) : NULL;
    int rc;

    if (!order)
        return -ENOENT;
    rc = check_words(order, &args->settings, "account", n, err);
    if (rc)
        return rc;
    if (args->user)
        return err_set(err, EINVAL,
                       "--user: is of list and usage; write '%s-user %s %s'",
                       order->name, args->user, words[1]);
    if (args->partition && !order->of_user)
        return err_set(err, EINVAL, "--partition: is of a user in an account");
    berth__account_change__init(ret);
    ret->op = op_of(order, may_exist);
    ret->account = words[n - 1];
    if (order->of_user)
        ret->user = words[1];
    if (args->partition)
        ret->partition = borrowed(args->partition);
    ret->settings = args->settings.list;
    ret->n_settings = args->settings.n;
    return 0;
}

int qos_order(const struct qos_args *args, char **words, int n, bool may_exist,
              Berth__QosChange *ret, struct err *err)
{
    const struct order *order = n ? find_order(words[0], false) : NULL;
    int rc;

    if (!order)
        return -ENOENT;
    rc = check_words(order, &args->settings, "QOS", n, err);
    if (rc)
        return rc;
    berth__qos_change__init(ret);
    ret->op = op_of(order, may_exist);
    ret->name = words[1];
    ret->settings = args->settings.list;
    ret->n_settings = args->settings.n;
    return 0;
}
