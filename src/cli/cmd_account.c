/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_account.c - berth account, qos, share: who may use how much
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "cli/account_args.h"
#include "cli/account_show.h"
#include "cli/cluster_link.h"
#include "cli/document.h"

static int fail(const struct berth_err *err)
{
    say_error("%s", err->text);
    return STATUS_FAILED;
}

static int wrong_word(const char *word, const char *const *words, size_t n)
{
    const char *near = nearest_name(word, words, n);

    if (near)
        say_error("'%s': there is no such order, did you mean '%s'?", word, near);
    else
        say_error("'%s': there is no such order; see --help", word);
    return STATUS_USAGE;
}

/* ------------------------------------------------------------------ accounts */

static const struct usage account_usage = {
    .synopsis = "berth account [list|show|usage|add|add-user|...] [options]",
    .about =
        "Accounts are a tree below 'root'; users are members of accounts. Both have\n"
        "shares and limits. Everybody may look, administrators may change.\n"
        "\n"
        "  list [ACCOUNT...]              the tree: shares, QOS, limits\n"
        "  show [ACCOUNT...]              the same in full, a line a value\n"
        "  usage [ACCOUNT...]             what was used, and what is in use\n"
        "  add ACCOUNT                    a new account\n"
        "  modify ACCOUNT                 change one; --parent moves it\n"
        "  delete ACCOUNT                 one that nobody is in\n"
        "  add-user USER ACCOUNT          make a user a member\n"
        "  modify-user USER ACCOUNT       change a member\n"
        "  delete-user USER ACCOUNT       end a membership\n"
        "  set ACCOUNT, set-user ...      add it, or change it when it is there\n"
        "  reset-usage ACCOUNT            forget what it and all below it used\n"
        "  dump                           all of it as orders, for load\n"
        "  load FILE                      carry out a file of orders, '-' is stdin\n"
        "\n"
        "A limit is taken away with the value none.",
    .examples =
        "  berth account add physics --shares 10 --grp-cores 512\n"
        "  berth account add-user alice physics --max-jobs 100 --max-wall 2d\n"
        "  berth account modify physics --qos +high --default-qos normal\n"
        "  berth account usage physics\n"
        "  berth account dump > accounts.txt; berth account load accounts.txt\n",
};

static const char *const account_words[] = {
    "list",   "show",     "usage",       "add",         "modify",
    "delete", "add-user", "modify-user", "delete-user", "reset-usage",
    "set",    "set-user", "dump",        "load"};

static int ask_accounts(const struct account_args *args, struct berth *berth,
                        char **names, int n, Berth__AccountList **ret)
{
    Berth__AccountQuery query = BERTH__ACCOUNT_QUERY__INIT;
    struct berth_err err;
    char *users[1] = {NULL};

    query.accounts = names;
    query.n_accounts = (size_t)n;
    if (args->user) {
        memcpy(&users[0], &args->user, sizeof(users[0]));
        query.users = users;
        query.n_users = 1;
    }
    return berth_accounts(berth, &query, ret, &err) < 0 ? fail(&err) : STATUS_OK;
}

static int print_accounts(const struct account_args *args, char **names, int n,
                          void (*print)(const Berth__AccountList *))
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__AccountList *list = NULL;
    int status;

    if (args->settings.n) {
        say_error("--%s: nothing is set here", args->settings.list[0]->name);
        return STATUS_USAGE;
    }
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    status = ask_accounts(args, berth, names, n, &list);
    if (status)
        return status;
    if (args->common.json)
        document_print_json(document_of(&list->base, false), stdout);
    else
        print(list);
    return STATUS_OK;
}

static int dump(const struct account_args *args)
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__AccountList *accounts = NULL;
    cleanup(reply_freep) Berth__QosList *qos = NULL;
    Berth__QosQuery query = BERTH__QOS_QUERY__INIT;
    struct berth_err err;
    int status;

    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    status = ask_accounts(args, berth, NULL, 0, &accounts);
    if (status)
        return status;
    if (berth_qos(berth, &query, &qos, &err) < 0)
        return fail(&err);
    accounts_dump(accounts, qos);
    return STATUS_OK;
}

static int change_account(const struct account_args *args,
                          const Berth__AccountChange *change)
{
    cleanup(link_closep) struct berth *berth = NULL;
    struct berth_err err;

    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    return berth_account_change(berth, change, &err) < 0 ? fail(&err) : STATUS_OK;
}

static int run_account(const struct account_args *args, char **words, int n)
{
    Berth__AccountChange change;
    const char *verb = n ? words[0] : "list";
    struct err err;
    int rc = account_order(args, words, n, false, &change, &err);

    if (rc == 0)
        return change_account(args, &change);
    if (rc != -ENOENT) {
        say_error("%s", err.text);
        return STATUS_USAGE;
    }
    if (strcmp(verb, "list") == 0)
        return print_accounts(args, words + (n > 0), n - (n > 0), accounts_print);
    if (strcmp(verb, "show") == 0)
        return print_accounts(args, words + 1, n - 1, accounts_print_full);
    if (strcmp(verb, "usage") == 0)
        return print_accounts(args, words + 1, n - 1, accounts_print_usage);
    if (strcmp(verb, "dump") == 0 && n == 1)
        return dump(args);
    if (strcmp(verb, "load") == 0 && n == 2)
        return account_load(&args->common, words[1]);
    if (strcmp(verb, "load") == 0) {
        say_error("load: which file? Give its name, or '-'");
        return STATUS_USAGE;
    }
    return wrong_word(verb, account_words, ARRAY_SIZE(account_words));
}

int cmd_account(int argc, char **argv)
{
    struct account_args args = {.user = NULL};
    int next, status = command_parse(&account_usage, account_opts, OPTS_ANYWHERE, argc,
                                     argv, &args, &next);

    if (status < 0)
        status = run_account(&args, argv + next, argc - next);
    settings_fini(&args.settings);
    return status;
}

/* ------------------------------------------------------------------ shares */

int cmd_share(int argc, char **argv)
{
    static const struct usage usage = {
        .synopsis = "berth share [options] [account...]",
        .about =
            "Shares and usage of accounts and users, and the factor that comes of\n"
            "them. LEVEL-FS above 1: less was used than the share among siblings.",
        .examples = "  berth share\n"
                    "  berth share physics --json\n"
                    "  berth share -u alice\n",
    };
    static const struct opt opts[] = {
        {"user", 'u', OPT_NEEDED, "NAME", opt_string,
         offsetof(struct account_args, user), 0, "only this user", 0},
        OPTS_COMMON(struct account_args, common),
        OPTS_END,
    };
    struct account_args args = {.user = NULL};
    int next,
        status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);

    if (status >= 0)
        return status;
    return print_accounts(&args, argv + next, argc - next, accounts_print_shares);
}

/* ------------------------------------------------------------------ QOS */

static const struct usage qos_usage = {
    .synopsis = "berth qos [list|show|add|modify|delete|set|reset-usage] [options]",
    .about = "A quality of service has a priority, limits, and a say in preemption. "
             "Jobs ask\n"
             "for one with --qos. Everybody may look, administrators may change.\n"
             "\n"
             "  list [QOS...]      all of them\n"
             "  show [QOS...]      in full, a line a value\n"
             "  add QOS            a new one\n"
             "  modify QOS         change one\n"
             "  set QOS            add it, or change it when it is there\n"
             "  delete QOS         one that nothing refers to\n"
             "  reset-usage QOS    forget what its jobs used\n"
             "\n"
             "A limit is taken away with the value none.",
    .examples = "  berth qos add high --priority 100 --preempts low --max-jobs 10\n"
                "  berth qos modify low --preempt-mode requeue --grace 60s\n"
                "  berth qos modify high --max-cores-per-user 256 --max-wall none\n",
};

static const char *const qos_words[] = {"list",   "show", "add",        "modify",
                                        "delete", "set",  "reset-usage"};

static int print_qos(const struct qos_args *args, char **names, int n,
                     void (*print)(const Berth__QosList *))
{
    cleanup(link_closep) struct berth *berth = NULL;
    cleanup(reply_freep) Berth__QosList *list = NULL;
    Berth__QosQuery query = BERTH__QOS_QUERY__INIT;
    struct berth_err err;

    if (args->settings.n) {
        say_error("--%s: nothing is set here", args->settings.list[0]->name);
        return STATUS_USAGE;
    }
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    query.names = names;
    query.n_names = (size_t)n;
    if (berth_qos(berth, &query, &list, &err) < 0)
        return fail(&err);
    if (args->common.json)
        document_print_json(document_of(&list->base, false), stdout);
    else
        print(list);
    return STATUS_OK;
}

static int run_qos(const struct qos_args *args, char **words, int n)
{
    cleanup(link_closep) struct berth *berth = NULL;
    Berth__QosChange change;
    const char *verb = n ? words[0] : "list";
    struct berth_err refusal;
    struct err err;
    int rc = qos_order(args, words, n, false, &change, &err);

    if (rc == -EINVAL) {
        say_error("%s", err.text);
        return STATUS_USAGE;
    }
    if (rc == -ENOENT && strcmp(verb, "list") == 0)
        return print_qos(args, words + (n > 0), n - (n > 0), qos_print);
    if (rc == -ENOENT && strcmp(verb, "show") == 0)
        return print_qos(args, words + 1, n - 1, qos_print_full);
    if (rc == -ENOENT)
        return wrong_word(verb, qos_words, ARRAY_SIZE(qos_words));
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    return berth_qos_change(berth, &change, &refusal) < 0 ? fail(&refusal) : STATUS_OK;
}

int cmd_qos(int argc, char **argv)
{
    struct qos_args args = {.settings = {0}};
    int next, status = command_parse(&qos_usage, qos_opts, OPTS_ANYWHERE, argc, argv,
                                     &args, &next);

    if (status < 0)
        status = run_qos(&args, argv + next, argc - next);
    settings_fini(&args.settings);
    return status;
}
