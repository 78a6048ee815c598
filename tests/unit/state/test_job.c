/* SPDX-License-Identifier: Apache-2.0
 *
 * test_job.c - events on one job, and its way through the store's form
 */
#include "state/job.h"

#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct job new_job(int64_t now)
{
    Berth__JobSpec *spec = xmalloc(sizeof(*spec));
    struct job job;

    berth__job_spec__init(spec);
    spec->time_limit = 60;
    job_init(&job, 17, spec, "key", now);
    return job;
}

static Berth__Placement *new_placement(const char *node)
{
    Berth__Placement *placement = xmalloc(sizeof(*placement));

    berth__placement__init(placement);
    placement->n_shares = 1;
    placement->shares = xcalloc(1, sizeof(*placement->shares));
    placement->shares[0] = xmalloc(sizeof(**placement->shares));
    berth__node_share__init(placement->shares[0]);
    field_set(&placement->shares[0]->node, node);
    return placement;
}

static void start(struct job *job, int64_t now)
{
    struct job_change change = {.placement = new_placement("n1")};

    assert_int_equal(job_apply(job, EV_START, now, &change, NULL), 0);
}

static void a_job_runs_and_ends_with_its_exit_code(void **state)
{
    struct job job = new_job(100);
    struct job_change end = {.exit_code = 3};

    (void)state;
    assert_int_equal(job_state_of(&job), JOB_PENDING);
    assert_null(job_lead(&job));
    start(&job, 110);
    assert_int_equal(job.record->epoch, 1);
    assert_string_equal(job_lead(&job)->node, "n1");
    assert_int_equal(job_deadline(&job), 170);
    assert_int_equal(job_apply(&job, EV_STARTED, 111, NULL, NULL), 0);
    assert_int_equal(job_apply(&job, EV_END_FAILED, 120, &end, NULL), 0);
    assert_int_equal(job_state_of(&job), JOB_FAILED);
    assert_int_equal(job.record->submit_time, 100);
    assert_int_equal(job.record->start_time, 110);
    assert_int_equal(job.record->end_time, 120);
    assert_int_equal(job.record->exit_code, 3);
    job_fini(&job);
}

static void a_failed_launch_gives_the_nodes_back_and_grows_the_epoch(void **state)
{
    struct job job = new_job(100);
    struct job_change failed = {.words = "node n1: no memory", .not_before = 115};

    (void)state;
    start(&job, 110);
    assert_int_equal(job_apply(&job, EV_LAUNCH_FAILED, 111, &failed, NULL), 0);
    assert_int_equal(job_state_of(&job), JOB_PENDING);
    assert_null(job.record->placement);
    assert_int_equal(job.record->start_time, 0);
    assert_int_equal(job.record->eligible_time, 115);
    assert_string_equal(job.record->state_words, "node n1: no memory");
    start(&job, 116);
    assert_int_equal(job.record->epoch, 2);
    assert_string_equal(job.record->state_words, "");
    job_fini(&job);
}

static void one_that_is_being_started_can_stand_still(void **state)
{
    struct job job = new_job(100);

    (void)state;
    start(&job, 110);
    assert_false(job_is_stopped(&job));
    assert_true(job_set_stopped(&job, true, 120));
    assert_false(job_set_stopped(&job, true, 125));
    assert_true(job_is_stopped(&job));
    assert_int_equal(job_state_of(&job), JOB_STARTING);
    assert_int_equal(job_deadline(&job), INT64_MAX);
    assert_int_equal(job_time_stopped(&job, 150), 30);
    assert_true(job_set_stopped(&job, false, 160));
    assert_int_equal(job_deadline(&job), 210);
    assert_true(job_set_stopped(&job, true, 170));
    assert_int_equal(job_apply(&job, EV_STARTED, 180, NULL, NULL), 0);
    assert_false(job_is_stopped(&job));
    assert_int_equal(job_time_stopped(&job, 200), 50);
    job_fini(&job);
}

static void a_cancelled_job_is_cancelled_whatever_its_exit_code(void **state)
{
    struct job job = new_job(100);
    struct job_change cancel = {.by_uid = 0, .words = "cancelled by root"};
    struct job_change end = {.exit_code = 0, .words = "cancelled"};

    (void)state;
    start(&job, 110);
    assert_int_equal(job_apply(&job, EV_STARTED, 111, NULL, NULL), 0);
    assert_int_equal(job_apply(&job, EV_CANCEL, 112, &cancel, NULL), 0);
    assert_int_equal(job.record->cancelled_by, 1);
    assert_int_equal(job.record->end_time, 0);
    assert_int_equal(job_apply(&job, EV_END_OK, 113, &end, NULL), 0);
    assert_int_equal(job_state_of(&job), JOB_CANCELLED);
    assert_string_equal(job.record->state_words, "cancelled by root");
    job_fini(&job);
}

static void a_refused_event_changes_nothing(void **state)
{
    struct job job = new_job(100);
    struct job_change change = {.words = "never"};
    uint8_t before[32], after[32];
    struct err err;

    (void)state;
    digest_message(&job.record->base, before);
    for (unsigned int e = 0; e < JOB_EVENT_COUNT; e++) {
        if (e == EV_START || e == EV_CANCEL || e == EV_REFUSE || e == EV_SPREAD)
            continue;
        assert_int_equal(job_apply(&job, (enum job_event)e, 200, &change, &err),
                         -EINVAL);
    }
    digest_message(&job.record->base, after);
    assert_memory_equal(before, after, sizeof(before));
    job_fini(&job);
}

static void a_later_begin_time_makes_a_job_eligible_later(void **state)
{
    Berth__JobSpec *spec = xmalloc(sizeof(*spec));
    struct job job;

    (void)state;
    berth__job_spec__init(spec);
    spec->begin_time = 500;
    spec->hold = true;
    job_init(&job, 1, spec, NULL, 100);
    assert_int_equal(job.record->eligible_time, 500);
    assert_true(job.record->held);
    assert_int_equal(job_deadline(&job), INT64_MAX);
    job_fini(&job);
}

/* Replay equals live: what is read back from bytes goes on as the original. */
static void random_lives_survive_their_stored_form_at_every_step(void **state)
{
    (void)state;
    srand(20261122);
    for (int life = 0; life < 300; life++) {
        struct job job = new_job(100);
        struct job stored = {copy_message(&job.record->base),
                             copy_message(&job.spec->base)};

        for (int64_t now = 101; !job_state_is_final(job_state_of(&job)); now++) {
            enum job_event event = (enum job_event)(rand() % JOB_EVENT_COUNT);
            struct job_change a = {.exit_code = rand() % 3, .words = "words"}, b = a;
            uint8_t live[32], replayed[32];

            if (event == EV_START && job_state_of(&job) == JOB_PENDING) {
                a.placement = new_placement("n1");
                b.placement = new_placement("n1");
            }
            assert_int_equal(job_apply(&job, event, now, &a, NULL),
                             job_apply(&stored, event, now, &b, NULL));
            digest_message(&job.record->base, live);
            digest_message(&stored.record->base, replayed);
            assert_memory_equal(live, replayed, sizeof(live));

            Berth__JobRecord *record = copy_message(&stored.record->base);
            Berth__JobSpec *spec = copy_message(&stored.spec->base);

            job_fini(&stored);
            assert_int_equal(job_init_stored(&stored, record, spec, NULL), 0);
        }
        job_fini(&job);
        job_fini(&stored);
    }
}

static void a_record_that_makes_no_sense_is_refused(void **state)
{
    Berth__JobRecord record;
    struct job job;
    struct err err;

    (void)state;
    berth__job_record__init(&record);
    record.id = 7;
    record.state = JOB_STATE_COUNT;
    assert_int_equal(job_init_stored(&job, &record, NULL, &err), -EBADMSG);
    assert_string_equal(err.text, "the record of job 7 has state 13");
    record.state = JOB_RUNNING;
    assert_int_equal(job_init_stored(&job, &record, NULL, &err), -EBADMSG);
    assert_string_equal(err.text, "the record of job 7 has no placement");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_runs_and_ends_with_its_exit_code),
        cmocka_unit_test(a_failed_launch_gives_the_nodes_back_and_grows_the_epoch),
        cmocka_unit_test(one_that_is_being_started_can_stand_still),
        cmocka_unit_test(a_cancelled_job_is_cancelled_whatever_its_exit_code),
        cmocka_unit_test(a_refused_event_changes_nothing),
        cmocka_unit_test(a_later_begin_time_makes_a_job_eligible_later),
        cmocka_unit_test(random_lives_survive_their_stored_form_at_every_step),
        cmocka_unit_test(a_record_that_makes_no_sense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
