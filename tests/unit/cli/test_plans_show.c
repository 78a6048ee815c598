/* SPDX-License-Identifier: Apache-2.0
 *
 * test_plans_show.c - priorities, starts and reservations as people read them
 */
#include "cli/job_starts.h"
#include "cli/priority_show.h"
#include "cli/reserve_show.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NOW 1700000000 /* 2023-11-14T22:13:20 in UTC */
#define HOUR 3600

static char alice[] = "alice", bob[] = "bob", batch[] = "batch", solve[] = "solve";

/* ------------------------------------------------------------------ priorities */

struct queue {
    Berth__PriorityList list;
    Berth__Factors weights, factors[2];
    Berth__PriorityInfo jobs[2], *pointers[2];
};

static void queue_init(struct queue *q)
{
    static char order[] = "priority";

    berth__priority_list__init(&q->list);
    berth__factors__init(&q->weights);
    q->weights.age = 1000;
    q->weights.qos = 500;
    for (int i = 0; i < 2; i++) {
        berth__factors__init(&q->factors[i]);
        berth__priority_info__init(&q->jobs[i]);
        q->jobs[i].job_id = 17 + (uint32_t)i;
        q->jobs[i].user = i ? bob : alice;
        q->jobs[i].partition = batch;
        q->jobs[i].factors = &q->factors[i];
        q->pointers[i] = &q->jobs[i];
    }
    q->factors[0].age = 0.25;
    q->jobs[0].nice = 10;
    q->jobs[0].priority = 240;
    q->factors[1].age = 0.125;
    q->factors[1].qos = 1;
    q->jobs[1].priority = 625;
    q->list.jobs = q->pointers;
    q->list.n_jobs = 2;
    q->list.weights = &q->weights;
    q->list.age_max = 7 * 24 * HOUR;
    q->list.order = order;
}

static char *shown(const struct queue *q, struct priority_view view)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    view.has_header = true;
    priority_show(&q->list, &view, out);
    fclose(out);
    return text;
}

static void priorities_show_the_factors_that_count(void **state)
{
    struct queue q;
    char *text;

    (void)state;
    queue_init(&q);
    priority_sort(&q.list);
    text = shown(&q, (struct priority_view){0});
    assert_string_equal(text, "JOB  USER   PRIORITY  AGE  QOS  NICE\n"
                              " 18  bob         625  125  500     0\n"
                              " 17  alice       240  250    0    10\n");
    free(text);
    text = shown(&q, (struct priority_view){.is_norm = true});
    assert_string_equal(text, "JOB  USER   PRIORITY       AGE       QOS  NICE\n"
                              " 18  bob         625  0.125000  1.000000     0\n"
                              " 17  alice       240  0.250000  0.000000    10\n");
    free(text);
    text = shown(&q, (struct priority_view){.only_weights = true});
    assert_string_equal(text, "age         1000\n"
                              "size        0\n"
                              "fairshare   0\n"
                              "qos         500\n"
                              "partition   0\n"
                              "slowdown    0\n"
                              "order       priority\n"
                              "age in full 7-00:00:00\n");
    free(text);
}

static void points_add_up_to_the_priority(void **state)
{
    struct queue q;
    json_t *doc, *job, *points, *value;
    const char *key;
    size_t i;

    (void)state;
    queue_init(&q);
    doc = priority_document(&q.list);
    json_array_foreach(json_object_get(doc, "jobs"), i, job)
    {
        double sum = -(double)json_integer_value(json_object_get(job, "nice"));

        points = json_object_get(job, "points");
        json_object_foreach(points, key, value) sum += json_number_value(value);
        assert_true(fabs(sum - q.jobs[i].priority) < 1e-9);
        assert_true(json_is_null(json_object_get(job, "promised")));
    }
    assert_int_equal(i, 2);
    json_decref(doc);
}

/* ------------------------------------------------------------------ starts */

static void starts_mark_what_is_promised(void **state)
{
    static char reason[] = "Resources", pending[] = "PENDING";
    Berth__StartList list = BERTH__START_LIST__INIT;
    Berth__StartInfo infos[3], *pointers[3];
    Berth__JobInfo job = BERTH__JOB_INFO__INIT;
    Berth__JobRecord record = BERTH__JOB_RECORD__INIT;
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    record.id = 17;
    spec.name = solve;
    spec.user = alice;
    spec.partition = batch;
    spec.nodes_min = 2;
    job.record = &record;
    job.spec = &spec;
    job.state = pending;
    job.reason = reason;
    job.cpus = 8;
    job.time_limit = HOUR;
    for (int i = 0; i < 3; i++) {
        berth__start_info__init(&infos[i]);
        infos[i].job = &job;
        pointers[i] = &infos[i];
    }
    infos[0].start = NOW + HOUR;
    infos[0].is_promised = 1;
    infos[1].start = NOW;
    list.starts = pointers;
    list.n_starts = 3;
    list.now = NOW;
    job_starts_print(&list, true, 0, out);
    fclose(out);
    assert_string_equal(text, "JOB  PARTITION  NAME   USER   NODES  CORES     LIMIT  "
                              "START  IN      HOW        "
                              "REASON\n"
                              " 17  batch      solve  alice      2      8  01:00:00  "
                              "23:13  1h 00m  promised   "
                              "Resources\n"
                              " 17  batch      solve  alice      2      8  01:00:00  "
                              "now    -       estimated  "
                              "Resources\n"
                              " 17  batch      solve  alice      2      8  01:00:00  - "
                              "     -       unknown    "
                              "Resources\n");
    free(text);
}

/* ------------------------------------------------------------------ reservations */

static void a_reservation_says_for_whom_and_how_long(void **state)
{
    static char course[] = "course", nodes[] = "n[1-2]", active[] = "ACTIVE";
    static char *users[] = {alice, bob}, root[] = "root";
    Berth__ReservationList list = BERTH__RESERVATION_LIST__INIT;
    Berth__ReservationInfo info = BERTH__RESERVATION_INFO__INIT, *infos[] = {&info};
    Berth__ReservationRecord record = BERTH__RESERVATION_RECORD__INIT;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    (void)state;
    record.name = course;
    record.nodes = nodes;
    record.users = users;
    record.n_users = 2;
    record.every = 7 * 24 * HOUR;
    record.created_by = root;
    record.created_at = NOW - 60;
    info.record = &record;
    info.state = active;
    info.start = NOW - HOUR;
    info.end = NOW + HOUR;
    info.n_nodes = 2;
    list.reservations = infos;
    list.n_reservations = 1;
    list.now = NOW;
    reserve_list(&list, 0, out);
    reserve_show(&list, out);
    fclose(out);
    assert_string_equal(
        text, "NAME    STATE   START  LASTS   NODES  NODELIST  FOR        FLAGS\n"
              "course  ACTIVE  21:13  2h 00m      2  n[1-2]    alice,bob  weekly\n"
              "Reservation course: ACTIVE\n"
              "  nodes        n[1-2] (2)\n"
              "  starts       21:13 (1h 00m ago)\n"
              "  ends         23:13 (in 1h 00m)\n"
              "  lasts        2h 00m\n"
              "  recurs       weekly\n"
              "  for          alice,bob\n"
              "  flags        weekly\n"
              "  jobs         -\n"
              "  made         22:12 (1m ago) by root\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(priorities_show_the_factors_that_count),
        cmocka_unit_test(points_add_up_to_the_priority),
        cmocka_unit_test(starts_mark_what_is_promised),
        cmocka_unit_test(a_reservation_says_for_whom_and_how_long),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
