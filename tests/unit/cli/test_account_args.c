/* SPDX-License-Identifier: Apache-2.0
 *
 * test_account_args.c - orders on accounts and QOS, from words and options
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/account_args.h"

/* One command line, cut at blanks. */
struct line {
    char **words;
    struct account_args account;
    struct qos_args qos;
    Berth__AccountChange account_change;
    Berth__QosChange qos_change;
    struct err err;
    int rc;
};

static void read_account(struct line *l, const char *text, bool may_exist)
{
    int next;
    *l = (struct line){.words = strv_split(text, " ")};
    int argc = (int)strv_len(l->words);
    l->rc = opts_parse(account_opts, 0, OPTS_ANYWHERE, argc, l->words, &l->account,
                       &next, &l->err);
    if (l->rc == 0)
        l->rc = account_order(&l->account, l->words + next, argc - next, may_exist,
                              &l->account_change, &l->err);
}

static void read_qos(struct line *l, const char *text)
{
    int next;
    *l = (struct line){.words = strv_split(text, " ")};
    int argc = (int)strv_len(l->words);
    l->rc =
        opts_parse(qos_opts, 0, OPTS_ANYWHERE, argc, l->words, &l->qos, &next, &l->err);
    if (l->rc == 0)
        l->rc = qos_order(&l->qos, l->words + next, argc - next, false, &l->qos_change,
                          &l->err);
}

static void line_fini(struct line *l)
{
    settings_fini(&l->account.settings);
    settings_fini(&l->qos.settings);
    strv_free(l->words);
}

static void assert_account_refused(const char *text, const char *words)
{
    struct line l;
    read_account(&l, text, false);
    assert_int_equal(l.rc, -EINVAL);
    assert_string_equal(l.err.text, words);
    line_fini(&l);
}

static void options_become_settings_in_their_order(void **state)
{
    struct line l;
    (void)state;
    read_account(&l, "account add-user alice physics --max-jobs 5 -p gpu --default",
                 false);
    assert_int_equal(l.rc, 0);
    const Berth__AccountChange *change = &l.account_change;
    assert_int_equal(change->op, BERTH__CHANGE_OP__CHANGE_ADD);
    assert_string_equal(change->user, "alice");
    assert_string_equal(change->account, "physics");
    assert_string_equal(change->partition, "gpu");
    assert_int_equal(change->n_settings, 2);
    assert_string_equal(change->settings[0]->name, "max-jobs");
    assert_string_equal(change->settings[0]->text, "5");
    assert_string_equal(change->settings[1]->name, "default");
    assert_string_equal(change->settings[1]->text, "yes");
    line_fini(&l);
}

static void in_a_file_adding_is_setting(void **state)
{
    struct line l;
    (void)state;
    read_account(&l, "account add physics", true);
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.account_change.op, BERTH__CHANGE_OP__CHANGE_SET);
    line_fini(&l);
    read_account(&l, "account delete physics", true);
    assert_int_equal(l.rc, 0);
    assert_int_equal(l.account_change.op, BERTH__CHANGE_OP__CHANGE_DELETE);
    line_fini(&l);
}

static void questions_are_no_orders(void **state)
{
    static const char *const lines[] = {"account", "account list", "account show x"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        struct line l;
        read_account(&l, lines[i], false);
        assert_int_equal(l.rc, -ENOENT);
        line_fini(&l);
    }
}

static void what_is_missing_or_too_much_is_named(void **state)
{
    (void)state;
    assert_account_refused("account add", "add: which account? Give its name");
    assert_account_refused("account add-user", "add-user: which user? Give its name");
    assert_account_refused("account add-user bob",
                           "add-user: which account? Give its name");
    assert_account_refused("account add a b", "add: there is one name too many");
    assert_account_refused("account modify a", "modify: what is to change? Give an "
                                               "option such as --shares");
    assert_account_refused("account delete a --shares 3", "delete: takes no --shares");
    assert_account_refused("account add a -p gpu",
                           "--partition: is of a user in an account");
    assert_account_refused("account modify a -u bob --shares 1",
                           "--user: is of list and usage; write 'modify-user bob a'");
    assert_account_refused("account add a --max-cores-per-usr 1",
                           "unknown option --max-cores-per-usr: did you mean "
                           "--max-cores-per-job?");
}

static void a_qos_has_limits_of_its_own(void **state)
{
    struct line l;
    (void)state;
    read_qos(&l, "qos add high --priority=9 --max-cores-per-user 4");
    assert_int_equal(l.rc, 0);
    assert_string_equal(l.qos_change.name, "high");
    assert_int_equal(l.qos_change.n_settings, 2);
    assert_string_equal(l.qos_change.settings[1]->name, "max-cores-per-user");
    line_fini(&l);
    read_qos(&l, "qos add-user bob high");
    assert_int_equal(l.rc, -ENOENT);
    line_fini(&l);
}

static void limits_of_a_record_are_one_line(void **state)
{
    char cores[] = "grp-cores", wall[] = "max-wall";
    Berth__LimitValue a = BERTH__LIMIT_VALUE__INIT, b = BERTH__LIMIT_VALUE__INIT;
    Berth__LimitValue *list[] = {&b, &a};
    (void)state;
    a.name = cores;
    a.value = 64;
    b.name = wall;
    b.value = 3600;
    cleanup(freep) char *text = settings_limits(list, 2);
    assert_string_equal(text, "grp-cores=64,max-wall=01:00:00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_become_settings_in_their_order),
        cmocka_unit_test(in_a_file_adding_is_setting),
        cmocka_unit_test(questions_are_no_orders),
        cmocka_unit_test(what_is_missing_or_too_much_is_named),
        cmocka_unit_test(a_qos_has_limits_of_its_own),
        cmocka_unit_test(limits_of_a_record_are_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
