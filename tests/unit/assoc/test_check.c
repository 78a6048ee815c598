/* SPDX-License-Identifier: Apache-2.0
 *
 * test_check.c - which limit holds a job back, and in which words
 */
#include "fixture.h"

static int setup(void **state)
{
    *state = small_table();
    return 0;
}

static int teardown(void **state)
{
    assoc_check_invariants(*state);
    assoc_destroy(*state);
    return 0;
}

/* 'words' NULL: it may start. With and without words, the answer is the same. */
static void assert_start(struct assoc *a, const struct assoc_handle *h, uint64_t n,
                         int64_t seconds, int64_t now, const char *words)
{
    struct tres t = cores(n);
    struct err err = {0};
    limit_reason reason = 0, silent = 0;
    int rc = assoc_check_start(a, h, &t, seconds, now, &reason, &err);
    assert_int_equal(assoc_check_start(a, h, &t, seconds, now, &silent, NULL), rc);
    assert_int_equal(reason, silent);
    assert_int_equal(rc, words ? -EAGAIN : 0);
    if (!words)
        return;
    assert_string_equal(err.text, words);
    size_t len = strlen(limit_reason_name(reason));
    assert_int_equal(strncmp(limit_reason_name(reason), words, len), 0);
    assert_int_equal(words[len], ':');
}

static void assert_size(struct assoc *a, const struct assoc_handle *h, uint64_t n,
                        int64_t seconds, const char *words)
{
    struct tres t = cores(n);
    struct err err = {0};
    assert_int_equal(assoc_check_job_size(a, h, &t, seconds, NULL, &err),
                     words ? -EINVAL : 0);
    if (words)
        assert_string_equal(err.text, words);
}

static void a_group_limit_counts_all_below(void **state)
{
    struct assoc *a = *state;
    limit(a, assoc_find(a, "physics", NULL, NULL), LIMIT_GRP_CORES, "100");
    struct assoc_handle alice = resolve(a, "alice", NULL),
                        bob = resolve(a, "bob", NULL);
    start(a, &alice, 60, 600, NOW);
    start(a, &bob, 36, 600, NOW);
    assert_start(a, &bob, 8, 600, NOW,
                 "AssocGrpCpuLimit: account physics: 96 of 100 cores in use, 8 asked");
    assert_start(a, &bob, 4, 600, NOW, NULL);
    end(a, &alice, 60, 600, NOW, NOW + 5);
    assert_start(a, &bob, 8, 600, NOW + 5, NULL);
    struct assoc_handle carol = resolve(a, "carol", NULL);
    assert_start(a, &carol, 1000, 600, NOW, NULL);
}

static void a_limit_above_holds_all_accounts_below(void **state)
{
    struct assoc *a = *state;
    limit(a, assoc_find(a, "chemistry", NULL, NULL), LIMIT_GRP_JOBS, "1");
    struct assoc_handle dora = resolve(a, "dora", NULL),
                        carol = resolve(a, "carol", NULL);
    start(a, &dora, 1, 600, NOW);
    assert_start(a, &carol, 1, 600, NOW,
                 "AssocGrpJobsLimit: account chemistry: 1 of 1 jobs run, 1 asked");
    start(a, &carol, 1, 600, NOW);
    end(a, &dora, 1, 600, NOW, NOW);
    end(a, &carol, 1, 600, NOW, NOW);
    assert_start(a, &carol, 1, 600, NOW, NULL);
}

static void a_limit_of_an_account_is_its_users_default(void **state)
{
    struct assoc *a = *state;
    limit(a, assoc_find(a, "physics", NULL, NULL), LIMIT_MAX_JOBS, "1");
    struct assoc_handle alice = resolve(a, "alice", NULL),
                        bob = resolve(a, "bob", NULL);
    start(a, &alice, 1, 600, NOW);
    assert_start(a, &bob, 1, 600, NOW, NULL);
    assert_start(a, &alice, 1, 600, NOW,
                 "AssocMaxJobsLimit: user alice in account physics: 1 of 1 jobs run, 1 "
                 "asked");
    limit(a, alice.leaf, LIMIT_MAX_JOBS, "2");
    assert_start(a, &alice, 1, 600, NOW, NULL);
}

static void a_qos_decides_before_the_association(void **state)
{
    struct assoc *a = *state;
    qos_limit(a, "high", LIMIT_MAX_JOBS, "2");
    limit(a, assoc_find(a, "physics", "alice", NULL), LIMIT_MAX_JOBS, "0");
    struct assoc_handle high = resolve(a, "alice", "high");
    start(a, &high, 1, 600, NOW);
    assert_start(a, &high, 1, 600, NOW, NULL);
    start(a, &high, 1, 600, NOW);
    assert_start(a, &high, 1, 600, NOW,
                 "QOSMaxJobsPerUserLimit: QOS high: alice: 2 of 2 jobs run, 1 asked");
    struct assoc_handle other = resolve(a, "bob", "high");
    assert_start(a, &other, 1, 600, NOW, NULL);
}

static void the_partitions_qos_goes_first_unless_the_job_s_says_so(void **state)
{
    struct assoc *a = *state;
    qos_limit(a, "part", LIMIT_JOB_CORES, "4");
    qos_limit(a, "part", LIMIT_USER_CORES, "8");
    uint32_t high = qos_limit(a, "high", LIMIT_JOB_CORES, "100");
    qos_limit(a, "high", LIMIT_USER_CORES, "100");
    struct assoc_who who = {.user = "alice", .qos = "high", .partition_qos = "part"};
    struct assoc_handle h;
    assert_int_equal(assoc_resolve(a, &who, &h, NULL), 0);
    assert_size(a, &h, 5, 60,
                "QOSMaxCpuPerJobLimit: QOS part: a job has 4 cores at most, 5 asked");
    start(a, &h, 4, 60, NOW);
    start(a, &h, 3, 60, NOW);
    assert_start(
        a, &h, 2, 60, NOW,
        "QOSMaxCpuPerUserLimit: QOS part: alice: 7 of 8 cores in use, 2 asked");
    struct qos over = *assoc_qos(a, high);
    over.flags = QOS_OVER_PARTITION;
    assoc_qos_set(a, &over, NULL, NULL);
    assert_size(a, &h, 5, 60, NULL);
    assert_start(a, &h, 2, 60, NOW, NULL);
}

static void an_account_has_its_part_of_a_qos(void **state)
{
    struct assoc *a = *state;
    qos_limit(a, "high", LIMIT_ACCOUNT_CORES, "10");
    qos_limit(a, "high", LIMIT_ACCOUNT_JOBS, "3");
    struct assoc_handle alice = resolve(a, "alice", "high"),
                        bob = resolve(a, "bob", "high"),
                        carol = resolve(a, "carol", "high");
    start(a, &alice, 8, 60, NOW);
    assert_start(a, &bob, 3, 60, NOW,
                 "MaxCpuPerAccount: QOS high: physics: 8 of 10 cores in use, 3 asked");
    assert_start(a, &carol, 3, 60, NOW, NULL);
    start(a, &bob, 1, 60, NOW);
    start(a, &bob, 1, 60, NOW);
    assert_start(a, &alice, 0, 60, NOW,
                 "MaxJobsPerAccount: QOS high: physics: 3 of 3 jobs run, 1 asked");
}

static void running_minutes_shrink_as_time_goes_by(void **state)
{
    struct assoc *a = *state;
    limit(a, assoc_find(a, "physics", NULL, NULL), LIMIT_GRP_CORE_RUN_MINS, "1000");
    struct assoc_handle h = resolve(a, "alice", NULL);
    start(a, &h, 10, 6000, NOW);
    assert_start(
        a, &h, 1, 60, NOW,
        "AssocGrpCPURunMinutesLimit: account physics: 1000 of 1000 core-minutes "
        "left to running jobs, up to 1 asked");
    assert_start(a, &h, 1, 60, NOW + 6, NULL);
    assert_start(a, &h, 10, 3000, NOW + 2999,
                 "AssocGrpCPURunMinutesLimit: account "
                 "physics: 500 of 1000 core-minutes left to running jobs, up to 500 "
                 "asked");
    assert_start(a, &h, 10, 3000, NOW + 3000, NULL);
    struct tres t = cores(10);
    assoc_limit_changed(a, &h, &t, 6000, 9000);
    assert_start(a, &h, 10, 3000, NOW + 5999,
                 "AssocGrpCPURunMinutesLimit: account "
                 "physics: 500 of 1000 core-minutes left to running jobs, up to 500 "
                 "asked");
    end(a, &h, 10, 9000, NOW, NOW + 6000);
    assert_start(a, &h, 10, 6000, NOW + 6000, NULL);
}

static void minutes_used_and_promised_count_together(void **state)
{
    struct assoc *a = *state;
    limit(a, assoc_find(a, "physics", NULL, NULL), LIMIT_GRP_CORE_MINS, "100");
    struct assoc_handle h = resolve(a, "alice", NULL);
    use(a, "bob", 40 * 60, NOW);
    start(a, &h, 1, 30 * 60, NOW);
    assert_start(
        a, &h, 1, 31 * 60, NOW + 600,
        "AssocGrpCPUMinutesLimit: account physics: 70 of 100 core-minutes used "
        "or promised, up to 31 asked");
    assert_start(a, &h, 1, 30 * 60, NOW + 600, NULL);
    end(a, &h, 1, 30 * 60, NOW, NOW + 600);
    assert_start(a, &h, 1, 50 * 60, NOW + 600, NULL);
}

static void wall_time_of_a_group_counts_jobs(void **state)
{
    struct assoc *a = *state;
    limit(a, assoc_find(a, "physics", NULL, NULL), LIMIT_GRP_WALL, "2h");
    struct assoc_handle h = resolve(a, "alice", NULL);
    start(a, &h, 64, 5400, NOW);
    assert_start(
        a, &h, 1, 1860, NOW,
        "AssocGrpWallLimit: account physics: 90 of 120 minutes of jobs used or "
        "promised, up to 31 asked");
    assert_start(a, &h, 1, 1800, NOW, NULL);
}

static void what_a_job_breaks_alone_is_refused(void **state)
{
    struct assoc *a = *state;
    uint32_t physics = assoc_find(a, "physics", NULL, NULL);
    struct assoc_handle h = resolve(a, "alice", NULL);
    assert_size(a, &h, 1000000, TIME_UNLIMITED, NULL);
    limit(a, physics, LIMIT_GRP_CORES, "64");
    assert_size(a, &h, 65, 60,
                "AssocGrpCpuLimit: account physics: 0 of 64 cores in use, 65 asked");
    start(a, &h, 64, 60, NOW);
    assert_size(a, &h, 64, 60, NULL);
    limit(a, physics, LIMIT_MAX_WALL, "1h");
    assert_size(a, &h, 1, 3601,
                "AssocMaxWallDurationPerJobLimit: account physics: a job runs 01:00:00 "
                "at most, 01:00:01 asked");
    assert_size(a, &h, 1, 3600, NULL);
    limit(a, physics, LIMIT_MIN_CORES, "2");
    assert_size(a, &h, 1, 60,
                "AssocMinCpuNotSatisfied: account physics: a job asks for 2 cores at "
                "least, 1 asked");
    limit(a, physics, LIMIT_JOB_CORE_MINS, "60");
    assert_size(a, &h, 2, 1860,
                "AssocMaxCPUMinutesPerJobLimit: account physics: 0 of 60 core-minutes "
                "for one job, up to 62 asked");
    limit(a, physics, LIMIT_JOB_MEM, "3G");
    assert_size(a, &h, 4, 60,
                "AssocMaxMemPerJob: account physics: a job has 3072 MiB of memory at "
                "most, 4096 asked");
}

static void usage_of_others_does_not_refuse_for_ever(void **state)
{
    struct assoc *a = *state;
    qos_limit(a, "high", LIMIT_USER_CORE_RUN_MINS, "10");
    qos_limit(a, "high", LIMIT_GRP_CORE_MINS, "20");
    struct assoc_handle h = resolve(a, "alice", "high");
    start(a, &h, 1, 600, NOW);
    assert_size(a, &h, 1, 600, NULL);
    assert_start(a, &h, 1, 600, NOW,
                 "QOSMaxCPURunMinutesPerUser: QOS high: alice: 10 of 10 core-minutes "
                 "left to running jobs, up to 10 asked");
    assert_size(
        a, &h, 1, 660,
        "QOSMaxCPURunMinutesPerUser: QOS high: alice: 0 of 10 core-minutes left "
        "to running jobs, up to 11 asked");
}

static void a_limit_set_later_holds_what_waits(void **state)
{
    struct assoc *a = *state;
    struct assoc_handle h = resolve(a, "alice", NULL);
    assert_start(a, &h, 8, 7200, NOW, NULL);
    limit(a, ASSOC_ROOT, LIMIT_MAX_WALL, "1h");
    assert_start(
        a, &h, 8, 7200, NOW,
        "AssocMaxWallDurationPerJobLimit: account root: a job runs 01:00:00 at "
        "most, 02:00:00 asked");
    limit(a, ASSOC_ROOT, LIMIT_MAX_WALL, "none");
    assert_start(a, &h, 8, 7200, NOW, NULL);
}

static void assert_submit(struct assoc *a, const struct assoc_handle *h, uint32_t jobs,
                          const char *words)
{
    struct err err = {0};
    assert_int_equal(assoc_check_submit(a, h, jobs, NULL, &err), words ? -EAGAIN : 0);
    if (words)
        assert_string_equal(err.text, words);
}

static void submitted_jobs_are_counted_with_arrays(void **state)
{
    struct assoc *a = *state;
    limit(a, assoc_find(a, "physics", NULL, NULL), LIMIT_GRP_SUBMIT, "100");
    limit(a, assoc_find(a, "physics", NULL, NULL), LIMIT_MAX_SUBMIT, "60");
    qos_limit(a, "high", LIMIT_ACCOUNT_SUBMIT, "20");
    struct assoc_handle alice = resolve(a, "alice", NULL),
                        bob = resolve(a, "bob", NULL), high = resolve(a, "bob", "high");
    assert_submit(a, &alice, 61,
                  "AssocMaxSubmitJobLimit: user alice in account physics: 0 of 60 jobs "
                  "submitted, 61 asked");
    assert_submit(a, &alice, 60, NULL);
    assoc_submitted(a, &alice, 60);
    assert_submit(a, &bob, 41,
                  "AssocGrpSubmitJobsLimit: account physics: 60 of 100 jobs submitted, "
                  "41 asked");
    assert_submit(a, &high, 21,
                  "MaxSubmitJobsPerAccount: QOS high: physics: 0 of 20 jobs submitted, "
                  "21 asked");
    assoc_unsubmitted(a, &alice, 60);
    assert_submit(a, &bob, 41, NULL);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_group_limit_counts_all_below),
        TEST(a_limit_above_holds_all_accounts_below),
        TEST(a_limit_of_an_account_is_its_users_default),
        TEST(a_qos_decides_before_the_association),
        TEST(the_partitions_qos_goes_first_unless_the_job_s_says_so),
        TEST(an_account_has_its_part_of_a_qos),
        TEST(running_minutes_shrink_as_time_goes_by),
        TEST(minutes_used_and_promised_count_together),
        TEST(wall_time_of_a_group_counts_jobs),
        TEST(what_a_job_breaks_alone_is_refused),
        TEST(usage_of_others_does_not_refuse_for_ever),
        TEST(a_limit_set_later_holds_what_waits),
        TEST(submitted_jobs_are_counted_with_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
