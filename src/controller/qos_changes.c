/* SPDX-License-Identifier: Apache-2.0
 *
 * qos_changes.c - what an administrator sets of a QOS
 */
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "base/units.h"
#include "controller/accounts.h"
#include "controller/dispatch.h"
#include "controller/handlers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PRIORITY_MAX 1000000000

static int set_priority(struct qos *qos, const char *text, struct err *err)
{
    int64_t priority;
    int rc = number_parse(text, 0, PRIORITY_MAX, &priority, err);

    if (rc == 0)
        qos->priority = (uint32_t)priority;
    return rc;
}

static int set_factor(struct qos *qos, const char *text, struct err *err)
{
    char *end;
    double factor = strtod(text, &end);

    if (end == text || *end || !(factor >= 0 && factor <= 1e6))
        return err_set(err, EINVAL, "'%s' is not a number from 0 to 1000000", text);
    qos->usage_factor = factor;
    return 0;
}

static int set_grace(struct qos *qos, const char *text, struct err *err)
{
    int64_t grace;
    int rc = duration_parse(text, &grace, err);

    if (rc == 0 && grace == TIME_UNLIMITED)
        return err_set(err, EINVAL, "a grace time has an end");
    if (rc == 0)
        qos->grace = grace;
    return rc;
}

static int set_flags(struct qos *qos, const char *text, struct err *err)
{
    static const char *const names[] = {"no-reserve", "over-partition"};
    cleanup(strv_freep) char **words = strv_split(text, ",");

    qos->flags = 0;
    if (strcmp(text, "none") == 0)
        return 0;
    strv_foreach (word, words) {
        const char *near = nearest_name(*word, names, ARRAY_SIZE(names));

        if (!qos_flag_of(*word))
            return err_set(err, EINVAL, "there is no flag '%s'%s%s%s", *word,
                           near ? " (did you mean " : "", near ? near : "",
                           near ? "?)" : "");
        qos->flags |= qos_flag_of(*word);
    }
    return 0;
}

static int set_preempts(const struct controller *ctl, struct qos *qos, const char *text,
                        struct err *err)
{
    cleanup(strv_freep) char **names =
        strcmp(text, "none") == 0 ? NULL : strv_split(text, ",");
    size_t n = strv_len(names);
    cleanup(freep) uint32_t *list = n ? xcalloc(n, sizeof(*list)) : NULL;

    for (size_t i = 0; i < n; i++) {
        int rc = assoc_qos_find(ctl->assoc, names[i], &list[i], err);

        if (rc)
            return rc;
        if (strcmp(names[i], qos->name) == 0)
            return err_set(err, EINVAL, "a QOS does not preempt itself");
    }
    free(qos->preempts);
    qos->preempts = take(list);
    qos->n_preempts = n;
    return 0;
}

static int set_one(const struct controller *ctl, struct qos *qos,
                   const Berth__Setting *setting, struct err *err)
{
    static const char *const names[] = {"priority", "usage-factor", "grace",
                                        "flags",    "preempt-mode", "preempts"};
    const char *name = setting->name, *text = setting->text;
    enum limit limit;

    if (strcmp(name, "priority") == 0)
        return set_priority(qos, text, err);
    if (strcmp(name, "usage-factor") == 0)
        return set_factor(qos, text, err);
    if (strcmp(name, "grace") == 0)
        return set_grace(qos, text, err);
    if (strcmp(name, "flags") == 0)
        return set_flags(qos, text, err);
    if (strcmp(name, "preempt-mode") == 0)
        return qos_preempt_parse(text, &qos->preempt_mode, err);
    if (strcmp(name, "preempts") == 0)
        return set_preempts(ctl, qos, text, err);
    if (limit_find(name, &limit, NULL) == 0)
        return limits_parse(&qos->limits, limit, text, err);
    const char *near = nearest_name(name, names, ARRAY_SIZE(names));
    return err_set(err, EINVAL, "--%s: cannot be set of a QOS%s%s%s", name,
                   near ? " (did you mean --" : "", near ? near : "", near ? "?)" : "");
}

static int read_settings(const struct controller *ctl, const Berth__QosChange *change,
                         struct qos *qos, struct err *err)
{
    for (size_t i = 0; i < change->n_settings; i++) {
        const Berth__Setting *setting = change->settings[i];
        int rc = set_one(ctl, qos, setting, err);

        if (rc == 0)
            continue;
        if (strstr(err->text, setting->name))
            return rc;
        return err_wrap(err, "--%s=%s", setting->name, setting->text);
    }
    return 0;
}

/* What is there, or what a new one begins as. Its list is the caller's. */
static void begin_with(const struct assoc *assoc, const char *name, uint32_t index,
                       struct qos *ret)
{
    const struct qos *known = assoc_qos(assoc, index);

    *ret = known ? *known : (struct qos){.usage_factor = 1};
    if (ret->n_preempts)
        ret->preempts =
            xmemdup(ret->preempts, ret->n_preempts * sizeof(*ret->preempts));
    memcpy(ret->name, name, strlen(name) + 1);
}

static int set(struct controller *ctl, const Berth__QosChange *change, uint32_t index,
               struct err *err)
{
    struct qos qos;
    int rc;

    if (strlen(change->name) > ASSOC_NAME_MAX)
        return err_set(err, EINVAL, "QOS '%.80s': a name has 1 to %d characters",
                       change->name, ASSOC_NAME_MAX);
    begin_with(ctl->assoc, change->name, index, &qos);
    rc = read_settings(ctl, change, &qos, err);
    if (rc == 0)
        rc = assoc_qos_set(ctl->assoc, &qos, &index, err);
    if (rc == 0)
        accounts_save_qos(ctl, index);
    free(qos.preempts);
    return rc;
}

static int reset_usage(struct controller *ctl, const char *name, struct err *err)
{
    uint32_t index;
    int rc = assoc_qos_find(ctl->assoc, name, &index, err);

    if (rc)
        return rc;
    assoc_qos_reset_usage(ctl->assoc, index, controller_now());
    accounts_save_usage(ctl);
    return 0;
}

int qos_change_apply(struct controller *ctl, const Berth__QosChange *change,
                     struct err *err)
{
    uint32_t index = ASSOC_NONE;
    struct err words;
    int known = assoc_qos_find(ctl->assoc, change->name, &index, &words);

    switch (change->op) {
    case BERTH__CHANGE_OP__CHANGE_ADD:
        if (known == 0)
            return err_set(err, EEXIST, "QOS %s is there already", change->name);
        return set(ctl, change, ASSOC_NONE, err);
    case BERTH__CHANGE_OP__CHANGE_MODIFY:
        if (known)
            return err_set(err, ENOENT, "%s", words.text);
        return set(ctl, change, index, err);
    case BERTH__CHANGE_OP__CHANGE_SET:
        return set(ctl, change, known ? ASSOC_NONE : index, err);
    case BERTH__CHANGE_OP__CHANGE_DELETE:
        known = assoc_qos_remove(ctl->assoc, change->name, err);
        if (known == 0)
            accounts_erase_qos(ctl, change->name);
        return known;
    case BERTH__CHANGE_OP__CHANGE_RESET_USAGE:
        return reset_usage(ctl, change->name, err);
    case BERTH__CHANGE_OP__CHANGE_NONE:
    case _BERTH__CHANGE_OP_IS_INT_SIZE:
        break;
    }
    return err_set(err, EINVAL, "the controller does not know the order %d",
                   (int)change->op);
}

void handle_qos_change(struct conn *conn, const Berth__Envelope *env)
{
    struct err err;

    if (qos_change_apply(conn->ctl, env->qos_change, &err)) {
        conn_reply_err(conn, env->id, &err);
        return;
    }
    dispatch_want_pass(conn->ctl);
    conn_ok_committed(conn, env->id);
}
