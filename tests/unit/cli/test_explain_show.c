/* SPDX-License-Identifier: Apache-2.0
 *
 * test_explain_show.c - what a person reads about a job's wait, to the letter
 */
#include "cli/explain_show.h"

#include <stdlib.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/moment.h"

#define NOW 1700000000 /* 2023-11-14T22:13:20 in UTC, a Tuesday */
#define HOUR 3600

/* Strings of messages are not const. */
static char solve[] = "solve", alice[] = "alice", bob[] = "bob", batch[] = "batch";
static char pending[] = "PENDING", running[] = "RUNNING", cancelled[] = "CANCELLED";
static char resources[] = "Resources", held[] = "JobHeldUser", n1[] = "n1";
static char both[] = "n[1-2]", cores[] = "0-3", why[] = "1 switch (0 levels up)";

struct about {
    Berth__Explanation e;
    Berth__JobInfo job;
    Berth__JobRecord record;
    Berth__JobSpec spec;
};

static void about_init(struct about *a, char *state)
{
    berth__explanation__init(&a->e);
    berth__job_info__init(&a->job);
    berth__job_record__init(&a->record);
    berth__job_spec__init(&a->spec);
    a->spec.name = solve;
    a->spec.user = alice;
    a->spec.partition = batch;
    a->record.id = 17;
    a->job.record = &a->record;
    a->job.spec = &a->spec;
    a->job.state = state;
    a->e.job = &a->job;
    a->e.now = NOW;
}

static char *shown(const struct about *a)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    explain_show(&a->e, out);
    fclose(out);
    return text;
}

static void share_init(Berth__NodeShare *share, char *node)
{
    berth__node_share__init(share);
    share->node = node;
    share->cores = cores;
    share->tasks = 4;
}

static void a_waiting_job_names_who_it_waits_for_and_what_helps(void **state)
{
    static char lacks[] = "4 cores are needed, n1 has 0 free";
    static char shorter[] = "--time=01:59:00", without[] = "without --exclusive";
    Berth__Blocker first = BERTH__BLOCKER__INIT, second = BERTH__BLOCKER__INIT;
    Berth__Blocker *blockers[] = {&first, &second};
    Berth__Remedy now = BERTH__REMEDY__INIT, later = BERTH__REMEDY__INIT;
    Berth__Remedy *remedies[] = {&now, &later};
    Berth__Placement where = BERTH__PLACEMENT__INIT;
    Berth__NodeShare share, *shares[] = {&share};
    struct about a;
    char *text;

    (void)state;
    about_init(&a, pending);
    share_init(&share, n1);
    a.job.reason = resources;
    a.e.words = lacks;
    a.e.start = NOW + 2 * HOUR + 5 * 60;
    a.e.ahead = 3;
    first = (Berth__Blocker){.base = first.base,
                             .job_id = 12,
                             .user = bob,
                             .nodes = both,
                             .cpus = 8,
                             .name = first.name,
                             .end = a.e.start};
    second = first;
    second.job_id = 13;
    second.name = solve;
    second.cpus = 1;
    second.end = 0;
    a.e.blockers = blockers;
    a.e.n_blockers = 2;
    where.shares = shares;
    where.n_shares = 1;
    where.score = 4.25;
    where.why = why;
    a.e.where = &where;
    now.change = shorter;
    now.start = NOW;
    later.change = without;
    later.start = NOW + HOUR;
    a.e.remedies = remedies;
    a.e.n_remedies = 2;
    text = shown(&a);
    assert_string_equal(
        text,
        "Job 17 (solve) of alice waits: Resources\n"
        "  lacks        4 cores are needed, n1 has 0 free\n"
        "  starts       Wed 15 Nov 00:18 (in 2h 05m), if all before it use the whole "
        "time they asked for\n"
        "  behind       3 jobs that come before it\n"
        "  waits for    job 12 of bob on n[1-2] (8 cores), until Wed 15 Nov 00:18 "
        "(in 2h 05m)\n"
        "               job 13 (solve) of bob on n[1-2] (1 core), which has no time "
        "limit\n"
        "  would get    n1: cores 0-3\n"
        "               score 4.25: 1 switch (0 levels up)\n"
        "  sooner       with --time=01:59:00: now\n"
        "               without --exclusive: 23:13 (in 1h 00m)\n");
    free(text);
}

static void a_promise_says_that_it_holds(void **state)
{
    static char reservation[] = "course", reason[] = "Reservation";
    struct about a;
    char *text;

    (void)state;
    about_init(&a, pending);
    a.job.reason = reason;
    a.e.start = NOW + HOUR;
    a.e.is_promised = 1;
    a.e.ahead = 1;
    a.e.reservation = reservation;
    text = shown(&a);
    assert_string_equal(
        text, "Job 17 (solve) of alice waits: Reservation\n"
              "  starts       23:13 (in 1h 00m), promised: no job behind it makes that "
              "later\n"
              "  behind       1 job that comes before it\n"
              "  reservation  course has nodes that it could use ('berth reserve show "
              "course')\n");
    free(text);
}

static void a_held_job_starts_when_somebody_releases_it(void **state)
{
    struct about a;
    char *text;

    (void)state;
    about_init(&a, pending);
    a.job.reason = held;
    text = shown(&a);
    assert_string_equal(text, "Job 17 (solve) of alice waits: JobHeldUser\n"
                              "  starts       when it is released ('berth release')\n");
    free(text);
}

static void a_running_job_shows_its_score_and_the_next_best(void **state)
{
    static char second[] = "n2: 1 switch (0 levels up)";
    Berth__Placement placement = BERTH__PLACEMENT__INIT;
    Berth__NodeShare share, *shares[] = {&share};
    struct about a;
    char *text;

    (void)state;
    about_init(&a, running);
    share_init(&share, n1);
    placement.shares = shares;
    placement.n_shares = 1;
    placement.score = 1;
    placement.why = why;
    placement.runner_up = second;
    placement.runner_up_score = 5.5;
    a.record.placement = &placement;
    a.record.start_time = NOW - 600;
    a.job.nodes = n1;
    a.job.time_limit = HOUR;
    text = shown(&a);
    assert_string_equal(
        text, "Job 17 (solve) of alice runs on n1\n"
              "  state        RUNNING\n"
              "  since        22:03 (10m ago)\n"
              "  until        23:03 (in 50m) at the latest\n"
              "  why there    score 1 (less is better): 1 switch (0 levels up)\n"
              "  next best    score 5.5: n2: 1 switch (0 levels up)\n"
              "\n"
              "NODE  CORES  MEMORY  TASKS  RANK:CORES\n"
              "n1    0-3         -      4  0-3\n");
    free(text);
}

static void an_ended_job_says_how(void **state)
{
    struct about a;
    char *text;

    (void)state;
    about_init(&a, cancelled);
    a.record.start_time = NOW - 2 * HOUR;
    a.record.end_time = NOW - HOUR;
    a.record.exit_signal = 15;
    a.record.cancelled_by = 1001;
    a.job.nodes = n1;
    a.job.time_limit = 4 * HOUR;
    text = shown(&a);
    assert_string_equal(text, "Job 17 (solve) of alice has ended: CANCELLED\n"
                              "  cancelled by uid 1000\n"
                              "  ended        21:13 (1h 00m ago)\n"
                              "  ran          1h 00m of 4h 00m on n1\n"
                              "  how          killed by signal 15 (SIGTERM)\n");
    free(text);
}

static void the_document_has_null_for_what_is_not_known(void **state)
{
    struct about a;
    json_t *doc;

    (void)state;
    about_init(&a, pending);
    a.job.reason = held;
    doc = explain_document(&a.e);
    assert_true(json_is_null(json_object_get(doc, "start")));
    assert_true(json_is_null(json_object_get(doc, "would_get")));
    assert_true(json_is_null(json_object_get(doc, "reservation")));
    assert_true(json_is_null(json_object_get(doc, "placement")));
    assert_true(json_is_false(json_object_get(doc, "promised")));
    assert_int_equal(json_array_size(json_object_get(doc, "sooner")), 0);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(doc, "job"), "id")), 17);
    json_decref(doc);
}

static void moments_say_as_much_as_is_needed(void **state)
{
    static const struct {
        int64_t offset;
        const char *words;
    } cases[] = {
        {0, "22:13 (0s ago)"},
        {-59, "22:12 (59s ago)"},
        {60, "22:14 (in 1m)"},
        {3 * HOUR, "Wed 15 Nov 01:13 (in 3h 00m)"},
        {3 * 24 * HOUR + HOUR, "Fri 17 Nov 23:13 (in 3d 1h)"},
        {60 * 24 * HOUR, "Sat 13 Jan 2024 22:13 (in 60d)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *words = moment_words(NOW + cases[i].offset, NOW);

        assert_string_equal(words, cases[i].words);
        free(words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_waiting_job_names_who_it_waits_for_and_what_helps),
        cmocka_unit_test(a_promise_says_that_it_holds),
        cmocka_unit_test(a_held_job_starts_when_somebody_releases_it),
        cmocka_unit_test(a_running_job_shows_its_score_and_the_next_best),
        cmocka_unit_test(an_ended_job_says_how),
        cmocka_unit_test(the_document_has_null_for_what_is_not_known),
        cmocka_unit_test(moments_say_as_much_as_is_needed),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
