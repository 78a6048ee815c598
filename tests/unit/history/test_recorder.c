/* SPDX-License-Identifier: Apache-2.0
 *
 * test_recorder.c - a journal becomes rows, once, over ends at any moment
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "history/archive.h"
#include "history/history_db.h"
#include "history/recorder.h"
#include "history/report.h"
#include "history/select.h"
#include "state/store.h"
#include "wire/pack.h"

struct fixture {
    char dir[64];
    char store_path[96], file[96];
    uv_loop_t loop;
    struct store *store;
};

static void on_failed(const struct err *why, void *ctx)
{
    (void)ctx;
    fail_msg("%s", why->text);
}

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/berth-history-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->store_path, sizeof(f->store_path), "%s/store.db", f->dir);
    (void)snprintf(f->file, sizeof(f->file), "%s/history.db", f->dir);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    assert_int_equal(store_open(&f->loop, f->store_path, on_failed, f, &f->store, NULL),
                     0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    cleanup(freep) char *command = xasprintf("rm -rf %s", f->dir);

    store_close(f->store);
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

/* ------------------------------------------------------------------ events */

static void append(struct fixture *f, const Berth__Event *event)
{
    size_t len;
    uint8_t *bytes = pack_message(&event->base, &len);

    (void)store_append(f->store, bytes, len);
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
}

/* What happened to job 'id', which has run 'restarts' times before. */
static void happen(struct fixture *f, uint32_t id, char *what, char *job_state,
                   uint32_t restarts, int exit_code)
{
    static char user[] = "ann", name[] = "sweep", nodes[] = "n[1-2]";
    Berth__Event event = BERTH__EVENT__INIT;
    Berth__JobEvent job = BERTH__JOB_EVENT__INIT;
    Berth__JobRecord record = BERTH__JOB_RECORD__INIT;
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;
    bool is_update = strcmp(what, "update") == 0;
    bool is_new = is_update || strcmp(what, "submit") == 0;
    bool waits = strcmp(job_state, "PENDING") == 0;

    record.id = id;
    record.submit_time = record.eligible_time = 1000;
    record.restarts = restarts;
    record.epoch = restarts + !waits;
    record.start_time = waits ? 0 : 1010;
    record.end_time = strcmp(what, "ended") == 0 ? 1110 : 0;
    record.exit_code = exit_code;
    record.user_usec = record.end_time ? 50 * 1000000 : 0;
    spec.tasks = is_update ? 6 : 4;
    spec.nodes_min = 2;
    spec.mem_per_node = 512;
    job.what = what;
    job.state = job_state;
    job.record = &record;
    job.user = user;
    job.name = name;
    job.spec = is_new ? &spec : NULL;
    job.n_nodes = waits ? 0 : 2;
    job.nodes = waits ? job.nodes : nodes;
    job.cpus = waits ? 0 : 4;
    event.usec = 1050 * INT64_C(1000000);
    event.job = &job;
    append(f, &event);
}

static void report_step(struct fixture *f, uint32_t id, uint32_t epoch, int64_t step,
                        char *step_state, int exit_code)
{
    Berth__Event event = BERTH__EVENT__INIT;
    Berth__StepReport report = BERTH__STEP_REPORT__INIT;
    Berth__StepSummary summary = BERTH__STEP_SUMMARY__INIT;
    Berth__StepSummary *steps[] = {&summary};

    summary.step_id = step;
    summary.state = step_state;
    summary.exit_code = exit_code;
    report.job_id = id;
    report.epoch = epoch;
    report.seq = 1;
    report.steps = steps;
    report.n_steps = 1;
    event.steps = &report;
    append(f, &event);
}

/* ------------------------------------------------------------------ reading */

/* Bring the history up to date, as a process that begins does. */
static struct recorder *record(struct fixture *f)
{
    struct recorder *recorder;
    struct err err = {0};

    if (recorder_create(f->store_path, f->file, &recorder, &err))
        fail_msg("%s", err.text);
    for (int i = 0; i < 3; i++)
        assert_int_equal(recorder_run(recorder, &err), 0);
    return recorder;
}

static Berth__HistoryList *list_of(struct fixture *f, bool all_runs)
{
    Berth__HistoryQuery query = BERTH__HISTORY_QUERY__INIT;
    struct viewer viewer = {.is_own_only = false};
    struct recorder *recorder = record(f);
    Berth__HistoryList *list;
    struct err err = {0};

    query.with_steps = true;
    query.all_runs = all_runs;
    if (select_jobs(recorder_db(recorder), &query, &viewer, &list, &err))
        fail_msg("%s", err.text);
    recorder_destroy(recorder);
    return list;
}

/* ------------------------------------------------------------------ tests */

static void a_job_is_one_row_from_submission_to_end(void **state)
{
    struct fixture *f = *state;
    cleanup(free_messagep) Berth__HistoryList *list = NULL;

    happen(f, 7, (char[]){"submit"}, (char[]){"PENDING"}, 0, 0);
    happen(f, 7, (char[]){"start"}, (char[]){"CONFIGURING"}, 0, 0);
    happen(f, 7, (char[]){"ended"}, (char[]){"FAILED"}, 0, 3);
    list = list_of(f, false);
    assert_int_equal(list->n_jobs, 1);
    assert_string_equal(list->jobs[0]->state, "FAILED");
    assert_string_equal(list->jobs[0]->state_short, "F");
    assert_int_equal(list->jobs[0]->exit_code, 3);
    assert_string_equal(list->jobs[0]->nodes, "n[1-2]");
    assert_string_equal(list->jobs[0]->tres_req, "cpu=4,mem=1G,node=2,billing=4");
    assert_string_equal(list->jobs[0]->tres_alloc, "cpu=4,node=2,billing=4");
    assert_int_equal(list->oldest, 1110);
}

static void what_was_applied_is_not_applied_again(void **state)
{
    struct fixture *f = *state;

    happen(f, 7, (char[]){"submit"}, (char[]){"PENDING"}, 0, 0);
    happen(f, 7, (char[]){"start"}, (char[]){"CONFIGURING"}, 0, 0);
    report_step(f, 7, 1, 0, (char[]){"FAILED"}, 2);
    for (int i = 0; i < 3; i++) {
        cleanup(free_messagep) Berth__HistoryList *list = list_of(f, false);

        assert_int_equal(list->n_jobs, 1);
        assert_int_equal(list->jobs[0]->steps_ended, 1);
        assert_int_equal(list->jobs[0]->steps_failed, 1);
        assert_int_equal(list->jobs[0]->derived_code, 2);
        assert_int_equal(list->jobs[0]->n_steps, 1);
    }
}

static void what_a_waiting_job_asks_for_may_change(void **state)
{
    struct fixture *f = *state;
    cleanup(free_messagep) Berth__HistoryList *list = NULL;

    happen(f, 7, (char[]){"submit"}, (char[]){"PENDING"}, 0, 0);
    happen(f, 7, (char[]){"update"}, (char[]){"PENDING"}, 0, 0);
    list = list_of(f, false);
    assert_int_equal(list->n_jobs, 1);
    assert_string_equal(list->jobs[0]->tres_req, "cpu=6,mem=1G,node=2,billing=6");
}

static void each_run_of_a_job_has_a_row(void **state)
{
    struct fixture *f = *state;
    cleanup(free_messagep) Berth__HistoryList *all = NULL, *last = NULL;

    happen(f, 7, (char[]){"submit"}, (char[]){"PENDING"}, 0, 0);
    happen(f, 7, (char[]){"start"}, (char[]){"CONFIGURING"}, 0, 0);
    report_step(f, 7, 1, 0, (char[]){"COMPLETED"}, 0);
    happen(f, 7, (char[]){"queue again"}, (char[]){"PENDING"}, 1, 0);
    happen(f, 7, (char[]){"start"}, (char[]){"CONFIGURING"}, 1, 0);
    report_step(f, 7, 2, 0, (char[]){"FAILED"}, 9);
    happen(f, 7, (char[]){"ended"}, (char[]){"COMPLETED"}, 1, 0);
    all = list_of(f, true);
    assert_int_equal(all->n_jobs, 2);
    assert_string_equal(all->jobs[0]->state, "REQUEUED");
    assert_int_equal(all->jobs[0]->end_time, 1050);
    assert_int_equal(all->jobs[0]->steps[0]->exit_code, 0);
    assert_int_equal(all->jobs[1]->run, 1);
    assert_int_equal(all->jobs[1]->steps[0]->exit_code, 9);
    assert_string_equal(all->jobs[1]->tres_req, all->jobs[0]->tres_req);
    last = list_of(f, false);
    assert_int_equal(last->n_jobs, 1);
    assert_string_equal(last->jobs[0]->state, "COMPLETED");
}

static void a_journal_that_begins_later_leaves_a_gap_and_goes_on(void **state)
{
    struct fixture *f = *state;
    struct recorder *recorder;
    int64_t gaps;

    happen(f, 7, (char[]){"submit"}, (char[]){"PENDING"}, 0, 0);
    recorder_destroy(record(f));
    happen(f, 8, (char[]){"submit"}, (char[]){"PENDING"}, 0, 0);
    happen(f, 9, (char[]){"submit"}, (char[]){"PENDING"}, 0, 0);
    store_trim(f->store, 2);
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
    recorder = record(f);
    assert_false(recorder_knows_all(recorder));
    assert_int_equal(recorder_applied(recorder), 3);
    assert_int_equal(history_db_number(recorder_db(recorder),
                                       "SELECT first*100+last FROM gaps", &gaps, NULL),
                     0);
    assert_int_equal(gaps, 202);
    recorder_destroy(recorder);
}

static void reports_add_up_what_ended(void **state)
{
    struct fixture *f = *state;
    Berth__ReportQuery query = BERTH__REPORT_QUERY__INIT;
    struct viewer viewer = {.is_own_only = false};
    cleanup(free_messagep) Berth__ReportList *list = NULL;
    struct recorder *recorder;

    for (uint32_t id = 1; id <= 3; id++) {
        happen(f, id, (char[]){"submit"}, (char[]){"PENDING"}, 0, 0);
        happen(f, id, (char[]){"start"}, (char[]){"CONFIGURING"}, 0, 0);
    }
    happen(f, 1, (char[]){"ended"}, (char[]){"COMPLETED"}, 0, 0);
    happen(f, 2, (char[]){"ended"}, (char[]){"FAILED"}, 0, 1);
    recorder = record(f);
    assert_int_equal(report_make(recorder_db(recorder), &query, &viewer, &list, NULL),
                     0);
    recorder_destroy(recorder);
    assert_int_equal(list->n_rows, 1);
    assert_string_equal(list->rows[0]->key, "ann");
    assert_int_equal(list->rows[0]->jobs, 2);
    assert_int_equal(list->rows[0]->failed, 1);
    assert_true(list->rows[0]->core_seconds == 800);
    assert_true(list->rows[0]->cpu_seconds == 100);
    assert_true(list->rows[0]->wait_seconds == 20);
}

/* A crash between the file and the removal: the same rows go into the same file. */
static void an_archive_that_was_interrupted_is_finished_once(void **state)
{
    struct fixture *f = *state;
    cleanup(freep) char *file = xasprintf("%s/left.gz", f->dir);
    cleanup(freep) char *intent = xasprintf(
        "INSERT INTO archives(id,file,cutoff,last) VALUES(1,'%s',2000,1)", file);
    cleanup(free_messagep) Berth__HistoryOrderReply *reply = NULL;
    cleanup(free_messagep) Berth__HistoryList *list = NULL;
    struct recorder *recorder;
    struct err err = {0};

    for (uint32_t id = 1; id <= 2; id++) {
        happen(f, id, (char[]){"submit"}, (char[]){"PENDING"}, 0, 0);
        happen(f, id, (char[]){"ended"}, (char[]){"COMPLETED"}, 0, 0);
    }
    recorder = record(f);
    assert_int_equal(history_db_run(recorder_db(recorder), intent, &err), 0);
    if (archive(recorder_db(recorder), f->dir, 2000, &reply, &err))
        fail_msg("%s", err.text);
    recorder_destroy(recorder);
    assert_int_equal(reply->jobs, 2);
    assert_int_equal(reply->n_files, 2);
    assert_string_equal(reply->files[0], file);
    assert_int_equal(access(file, R_OK), 0);
    list = list_of(f, true);
    assert_int_equal(list->n_jobs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_job_is_one_row_from_submission_to_end, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_was_applied_is_not_applied_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_a_waiting_job_asks_for_may_change, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(each_run_of_a_job_has_a_row, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_journal_that_begins_later_leaves_a_gap_and_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(reports_add_up_what_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(
            an_archive_that_was_interrupted_is_finished_once, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
