/* SPDX-License-Identifier: Apache-2.0
 *
 * test_accounts.c - accounts and QOS: changed by the few, kept, asked about by all
 */
#include "fixture.h"

#include "base/mem.h"
#include "controller/accounts.h"
#include "controller/query.h"
#include "wire/pack.h"

#include <errno.h>
#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ADD BERTH__CHANGE_OP__CHANGE_ADD
#define MODIFY BERTH__CHANGE_OP__CHANGE_MODIFY
#define SET BERTH__CHANGE_OP__CHANGE_SET
#define DELETE BERTH__CHANGE_OP__CHANGE_DELETE
#define RESET BERTH__CHANGE_OP__CHANGE_RESET_USAGE
#define NOBODY 65534
#define SETTINGS_MAX 8

/* "shares=10 grp-cores=64" as settings; 'text' is cut into pieces. */
struct settings {
    char text[200];
    Berth__Setting list[SETTINGS_MAX], *pointers[SETTINGS_MAX];
    size_t n;
};

static void settings_init(struct settings *s, const char *text)
{
    char *save = NULL;
    s->n = 0;
    (void)snprintf(s->text, sizeof(s->text), "%s", text);
    for (char *word = strtok_r(s->text, " ", &save); word;
         word = strtok_r(NULL, " ", &save)) {
        char *equals = strchr(word, '=');
        *equals = '\0';
        berth__setting__init(&s->list[s->n]);
        s->list[s->n].name = word;
        s->list[s->n].text = equals + 1;
        s->pointers[s->n] = &s->list[s->n];
        s->n++;
    }
}

static Berth__Envelope *change_account(struct party *party, Berth__ChangeOp op,
                                       const char *account, const char *user,
                                       const char *text)
{
    Berth__AccountChange change = BERTH__ACCOUNT_CHANGE__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    struct settings settings;

    settings_init(&settings, text);
    change.op = op;
    change.account = query_field(account);
    change.user = query_field(user);
    change.settings = settings.pointers;
    change.n_settings = settings.n;
    env.body_case = BERTH__ENVELOPE__BODY_ACCOUNT_CHANGE;
    env.account_change = &change;
    return party_call(party, &env);
}

static Berth__Envelope *change_qos(struct party *party, Berth__ChangeOp op,
                                   const char *name, const char *text)
{
    Berth__QosChange change = BERTH__QOS_CHANGE__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    struct settings settings;

    settings_init(&settings, text);
    change.op = op;
    change.name = query_field(name);
    change.settings = settings.pointers;
    change.n_settings = settings.n;
    env.body_case = BERTH__ENVELOPE__BODY_QOS_CHANGE;
    env.qos_change = &change;
    return party_call(party, &env);
}

/* 'words' NULL: it succeeds. */
static void assert_status(Berth__Envelope *reply, const char *words)
{
    if (words)
        assert_string_equal(words_of(reply), words);
    else if (status_of(reply))
        fail_msg("%s", words_of(reply));
    free_message(reply);
}

static char *name_of_us(void)
{
    const struct passwd *pw = getpwuid(getuid());
    assert_non_null(pw);
    return pw->pw_name;
}

static Berth__Envelope *query_accounts(struct party *party)
{
    Berth__AccountQuery query = BERTH__ACCOUNT_QUERY__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_ACCOUNT_QUERY;
    env.account_query = &query;
    return party_call(party, &env);
}

/* "root(physics(+alice))" of what is shown, users with a plus sign. */
static void assert_tree(struct party *party, const char *expected)
{
    cleanup(free_messagep) Berth__Envelope *reply = query_accounts(party);
    char text[400] = "";

    assert_int_equal(reply->body_case, BERTH__ENVELOPE__BODY_ACCOUNT_LIST);
    for (size_t i = 0; i < reply->account_list->n_accounts; i++) {
        const Berth__AccountInfo *info = reply->account_list->accounts[i];
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof(text) - len, "%s%u:%s%s", i ? " " : "",
                       info->depth, info->record->user[0] ? "+" : "",
                       info->record->user[0] ? info->record->user
                                             : info->record->account);
    }
    assert_string_equal(text, expected);
}

static void make_tree(struct party *party)
{
    assert_status(change_qos(party, ADD, "low", "priority=1"), NULL);
    assert_status(change_qos(party, ADD, "high",
                             "priority=100 preempts=low grace=30s usage-factor=2 "
                             "max-jobs=3 flags=no-reserve"),
                  NULL);
    assert_status(change_account(party, ADD, "physics", "",
                                 "shares=10 grp-cores=64 qos=normal,high"),
                  NULL);
    assert_status(change_account(party, ADD, "atoms", "", "parent=physics"), NULL);
    assert_status(change_account(party, ADD, "atoms", "alice", "max-wall=1h"), NULL);
    assert_status(change_account(party, ADD, "physics", "alice", "default=yes"), NULL);
}

static const char small_tree[] = "0:root 1:physics 2:+alice 2:atoms 3:+alice";

static void what_was_added_is_there_after_a_restart(void **state)
{
    struct cluster *cluster = *state;
    struct party *party = party_connect(cluster);
    const struct qos *high;
    struct assoc_object object;
    uint32_t index;

    make_tree(party);
    assert_tree(party, small_tree);
    cluster_stop(cluster);
    cluster_run_for(cluster, 50);
    cluster_start(cluster);
    party = party_connect(cluster);
    assert_tree(party, small_tree);
    struct assoc *assoc = cluster->ctl->assoc;
    assert_int_equal(assoc_qos_find(assoc, "high", &index, NULL), 0);
    high = assoc_qos(assoc, index);
    assert_int_equal(high->priority, 100);
    assert_int_equal(high->grace, 30);
    assert_int_equal(high->flags, QOS_NO_RESERVE);
    assert_true(high->usage_factor == 2);
    assert_int_equal(high->limits.value[LIMIT_MAX_JOBS], 3);
    assert_int_equal(high->n_preempts, 1);
    assert_true(assoc_get(assoc, assoc_find(assoc, "physics", NULL, NULL), &object));
    assert_int_equal(object.shares, 10);
    assert_int_equal(object.n_qos, 2);
    assert_int_equal(object.limits->value[LIMIT_GRP_CORES], 64);
    assert_string_equal(assoc_default_account(assoc, "alice"), "physics");
}

static void changes_are_all_or_nothing(void **state)
{
    struct party *party = party_connect(*state);

    make_tree(party);
    assert_status(change_account(party, MODIFY, "physics", "", "shares=5 grp-cores=x"),
                  "grp-cores: 'x' is not a whole number");
    assert_status(change_account(party, MODIFY, "physics", "", "shares=5 qos=hihg"),
                  "--qos=hihg: there is no QOS 'hihg' (did you mean high?)");
    assert_status(change_account(party, ADD, "bio", "", "parent=phisics"),
                  "--parent=phisics: there is no account 'phisics' (did you mean "
                  "physics?)");
    assert_status(change_account(party, ADD, "bio", "", "share=3"),
                  "--share: cannot be set here (did you mean --shares?)");
    assert_status(change_account(party, ADD, "bio", "", "max-cores-per-user=3"),
                  "--max-cores-per-user: is a limit of a QOS");
    assert_status(change_qos(party, MODIFY, "high", "priority=2 flags=nothing"),
                  "--flags=nothing: there is no flag 'nothing'");
    assert_status(change_qos(party, MODIFY, "high", "preempts=high"),
                  "--preempts=high: a QOS does not preempt itself");
    assert_tree(party, small_tree);
    struct assoc_object object;
    struct assoc *assoc = party->cluster->ctl->assoc;
    assert_true(assoc_get(assoc, assoc_find(assoc, "physics", NULL, NULL), &object));
    assert_int_equal(object.shares, 10);
}

static void lists_are_edited_in_place(void **state)
{
    struct party *party = party_connect(*state);
    struct assoc *assoc = party->cluster->ctl->assoc;
    struct assoc_object object;

    make_tree(party);
    assert_status(change_account(party, MODIFY, "physics", "", "qos=+low"), NULL);
    assert_status(change_account(party, MODIFY, "physics", "", "qos=-high"), NULL);
    assert_true(assoc_get(assoc, assoc_find(assoc, "physics", NULL, NULL), &object));
    assert_int_equal(object.n_qos, 2);
    assert_string_equal(assoc_qos(assoc, object.qos[1])->name, "low");
    assert_status(change_account(party, MODIFY, "physics", "", "qos=none"), NULL);
    assert_true(assoc_get(assoc, assoc_find(assoc, "physics", NULL, NULL), &object));
    assert_int_equal(object.n_qos, 0);
    assert_status(change_account(party, SET, "physics", "", "grp-cores=none"), NULL);
    assert_true(assoc_get(assoc, assoc_find(assoc, "physics", NULL, NULL), &object));
    assert_int_equal(object.limits->set, 0);
    assert_int_equal(object.shares, 10);
}

static void what_was_deleted_stays_away(void **state)
{
    struct cluster *cluster = *state;
    struct party *party = party_connect(cluster);

    make_tree(party);
    assert_status(change_account(party, DELETE, "atoms", "", ""),
                  "account atoms has user alice: remove that first");
    assert_status(change_account(party, DELETE, "atoms", "alice", ""), NULL);
    assert_status(change_account(party, DELETE, "atoms", "", ""), NULL);
    assert_status(change_qos(party, DELETE, "low", ""),
                  "QOS low is preempted by QOS high");
    assert_status(change_qos(party, MODIFY, "high", "preempts=none"), NULL);
    assert_status(change_qos(party, DELETE, "low", ""), NULL);
    cluster_stop(cluster);
    cluster_run_for(cluster, 50);
    cluster_start(cluster);
    party = party_connect(cluster);
    assert_tree(party, "0:root 1:physics 2:+alice");
    assert_int_equal(assoc_qos_find(cluster->ctl->assoc, "low", &(uint32_t){0}, NULL),
                     -ENOENT);
}

static void only_admins_change_and_all_may_look(void **state)
{
    struct cluster *cluster = *state;
    Berth__AccountChange change = BERTH__ACCOUNT_CHANGE__INIT;
    Berth__AccountQuery query = BERTH__ACCOUNT_QUERY__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    if (geteuid() != 0) {
        print_message("only root can be somebody else\n");
        skip();
    }
    change.op = ADD;
    change.account = query_field("mine");
    env.body_case = BERTH__ENVELOPE__BODY_ACCOUNT_CHANGE;
    env.account_change = &change;
    assert_int_equal(other_user_call(cluster, NOBODY, &env), EPERM);
    env.body_case = BERTH__ENVELOPE__BODY_ACCOUNT_QUERY;
    env.account_query = &query;
    assert_int_equal(other_user_call(cluster, NOBODY, &env), 0);
    assert_tree(party_connect(cluster), "0:root");
}

/* Jobs of others than the administrator are judged without a connection. */
static void assert_admitted(struct cluster *cluster, const char *account,
                            const char *qos, const char *words)
{
    cleanup(free_messagep) Berth__JobSpec *spec = xmalloc(sizeof(*spec));
    struct err err = {0};

    berth__job_spec__init(spec);
    spec->uid = NOBODY;
    spec->gid = NOBODY;
    spec->user = xstrdup("alice");
    spec->account = xstrdup(account);
    spec->qos = xstrdup(qos);
    spec->partition = xstrdup("main");
    assert_int_equal(accounts_admit(cluster->ctl, spec, &err) < 0, words != NULL);
    if (words)
        assert_string_equal(err.text, words);
}

static void a_submission_is_judged_by_account_and_qos(void **state)
{
    struct cluster *cluster = *state;
    struct party *party = party_connect(cluster);
    struct config_partition *main = &cluster->config->partitions[0];

    assert_admitted(cluster, "whatever", "", NULL); /* no accounts yet */
    make_tree(party);
    assert_admitted(cluster, "", "", NULL);
    assert_admitted(cluster, "atoms", "high", NULL);
    assert_admitted(cluster, "root", "",
                    "--account=root: user alice is not in it (but in atoms, physics)");
    assert_admitted(cluster, "", "low", "--qos=low: user alice may use normal, high");
    main->deny_accounts = xstrdup("atoms");
    assert_admitted(cluster, "atoms", "",
                    "--account=atoms: partition main takes no jobs of it");
    main->allow_qos = xstrdup("high");
    assert_admitted(cluster, "physics", "normal",
                    "--qos=normal: partition main is for high");
    main->qos = xstrdup("gone");
    assert_admitted(cluster, "physics", "high",
                    "partition main: there is no QOS 'gone'");
}

static void a_job_shows_its_account_and_qos(void **state)
{
    struct party *party = party_connect(*state);
    Berth__JobSpec spec = spec_of(1);

    assert_status(change_account(party, ADD, "physics", "", ""), NULL);
    assert_status(change_account(party, ADD, "physics", name_of_us(), ""), NULL);
    uint32_t job = client_submit(party, &spec, "");
    cleanup(free_messagep) Berth__Envelope *reply = client_show(party, job);
    assert_string_equal(reply->job_list->jobs[0]->spec->account, "physics");
    assert_string_equal(reply->job_list->jobs[0]->spec->qos, "normal");
}

static double core_seconds(struct controller *ctl, const char *account)
{
    struct assoc_usage usage;

    assoc_usage_of(ctl->assoc, assoc_find(ctl->assoc, account, NULL, NULL),
                   controller_now(), &usage);
    return usage.amount[TRES_CORES];
}

static void run_a_job(struct controller *ctl, int64_t start, int64_t end)
{
    struct assoc_who who = {.user = "alice"};
    struct tres tres = {.cores = 100, .nodes = 1};
    struct assoc_handle h;

    assert_int_equal(assoc_resolve(ctl->assoc, &who, &h, NULL), 0);
    assoc_started(ctl->assoc, &h, &tres, 3600, start, start);
    assoc_ended(ctl->assoc, &h, &tres, 3600, start, end);
    accounts_save_usage(ctl);
}

static void usage_is_there_after_a_restart_and_goes_when_it_is_reset(void **state)
{
    struct cluster *cluster = *state;
    struct party *party = party_connect(cluster);
    int64_t now = controller_now();
    struct assoc_usage usage;
    uint32_t normal = QOS_NORMAL;

    make_tree(party);
    run_a_job(cluster->ctl, now - 50, now);
    double before = core_seconds(cluster->ctl, "root");
    assert_true(before > 4900 && before < 5100);
    cluster_stop(cluster);
    cluster_run_for(cluster, 50);
    cluster_start(cluster);
    party = party_connect(cluster);
    assert_true(fabs(core_seconds(cluster->ctl, "root") / before - 1) < 1e-3);
    assert_true(fabs(core_seconds(cluster->ctl, "physics") / before - 1) < 1e-3);
    assoc_qos_usage_of(cluster->ctl->assoc, normal, controller_now(), &usage);
    assert_true(fabs(usage.amount[TRES_CORES] / before - 1) < 1e-3);
    assoc_check_invariants(cluster->ctl->assoc);
    assert_status(change_account(party, RESET, "physics", "", ""), NULL);
    assert_status(change_qos(party, RESET, "normal", ""), NULL);
    assert_true(core_seconds(cluster->ctl, "root") < 1e-3);
    cluster_stop(cluster);
    cluster_run_for(cluster, 50);
    cluster_start(cluster);
    assert_true(core_seconds(cluster->ctl, "root") < 1e-3);
}

static void assert_waits(struct party *client, uint32_t job, const char *reason,
                         const char *words)
{
    cleanup(free_messagep) Berth__Envelope *reply = client_show(client, job);
    const Berth__JobInfo *info = reply->job_list->jobs[0];

    assert_string_equal(info->reason, reason);
    assert_string_equal(info->record->state_words, words);
}

static void the_limit_that_holds_a_job_back_is_named(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(1);
    uint32_t epoch, first, second;

    assert_status(change_account(client, MODIFY, "root", "", "grp-jobs=1"), NULL);
    first = client_submit(client, &spec, "");
    second = client_submit(client, &spec, "");
    assert_int_equal(node_accept_launch(node, &epoch), first);
    node_started(node, first, epoch);
    cluster_run_for(cluster, 20);
    assert_waits(client, second, "AssocGrpJobsLimit",
                 "AssocGrpJobsLimit: account root: 1 of 1 jobs run, 1 asked");
    node_ended(node, first, epoch, 0);
    assert_int_equal(node_accept_launch(node, &epoch), second);
    node_started(node, second, epoch);
    assert_true(core_seconds(cluster->ctl, "root") >= 0);
    assoc_check_invariants(cluster->ctl->assoc);
}

static void what_breaks_a_limit_alone_is_refused(void **state)
{
    struct party *client = party_connect(*state);
    Berth__JobSpec spec = spec_of(3);

    assert_status(change_account(client, MODIFY, "root", "", "max-cores-per-job=2"),
                  NULL);
    cleanup(free_messagep) Berth__Envelope *reply =
        client_submit_reply(client, &spec, "");
    assert_string_equal(words_of(reply),
                        "AssocMaxCpuPerJobLimit: account root: a job has 2 cores at "
                        "most, 3 asked");
}

static void usage_of_a_job_that_ran_is_kept_with_its_end(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(4);
    struct assoc_usage before, after;
    uint32_t epoch, job = client_submit(client, &spec, ""), member;

    assert_int_equal(node_accept_launch(node, &epoch), job);
    node_started(node, job, epoch);
    cluster_run_for(cluster, 2100);
    node_ended(node, job, epoch, 0);
    member = assoc_find(cluster->ctl->assoc, "root", name_of_us(), NULL);
    assert_true(member != ASSOC_NONE);
    assoc_settled(cluster->ctl->assoc, member, controller_now(), &before);
    assert_true(before.amount[TRES_CORES] > 3.9);
    cluster_stop(cluster);
    cluster_run_for(cluster, 50);
    cluster_start(cluster);
    member = assoc_find(cluster->ctl->assoc, "root", name_of_us(), NULL);
    assert_true(member != ASSOC_NONE);
    assoc_settled(cluster->ctl->assoc, member, controller_now(), &after);
    assert_true(fabs(after.amount[TRES_CORES] / before.amount[TRES_CORES] - 1) < 1e-3);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, cluster_setup, cluster_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_added_is_there_after_a_restart),
        TEST(changes_are_all_or_nothing),
        TEST(lists_are_edited_in_place),
        TEST(what_was_deleted_stays_away),
        TEST(only_admins_change_and_all_may_look),
        TEST(a_submission_is_judged_by_account_and_qos),
        TEST(a_job_shows_its_account_and_qos),
        TEST(the_limit_that_holds_a_job_back_is_named),
        TEST(what_breaks_a_limit_alone_is_refused),
        TEST(usage_of_a_job_that_ran_is_kept_with_its_end),
        TEST(usage_is_there_after_a_restart_and_goes_when_it_is_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
