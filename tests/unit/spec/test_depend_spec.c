/* SPDX-License-Identifier: Apache-2.0
 *
 * test_depend_spec.c - what jobs wait for in other jobs
 */
#include "spec/depend_spec.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct depend_spec parsed(const char *text)
{
    struct depend_spec spec;
    struct err err;

    if (depend_spec_parse(text, &spec, &err) != 0)
        fail_msg("'%s': %s", text, err.text);
    return spec;
}

static void dependencies_print_as_they_are_written(void **state)
{
    static const struct {
        const char *text, *printed;
    } rows[] = {
        {"", ""},
        {"12", "afterany:12"},
        {"12:13", "afterany:12:13"},
        {"afterok:12:13_4", "afterok:12:13_4"},
        {"after:9+30", "after:9+30"},
        {"after:9+0:8+5", "after:9:8+5"},
        {"afterok:1,afternotok:2,singleton", "afterok:1,afternotok:2,singleton"},
        {"afterok:1?aftercorr:2", "afterok:1?aftercorr:2"},
        {"singleton", "singleton"},
        {"afterany:4294967295_4000000000", "afterany:4294967295_4000000000"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(depend_spec_fini) struct depend_spec spec = parsed(rows[i].text);
        cleanup(freep) char *printed = depend_spec_format(&spec);

        assert_string_equal(printed, rows[i].printed);
    }
}

static void mistakes_are_named_by_column_and_nearest_word(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"afterko:1", "did you mean 'afterok'? It is at column 1"},
        {"afterok:1,frobnicate:2", "'frobnicate' is none of after, afterany"},
        {"afterok", "':' and a job's number are missing at column 8"},
        {"afterok:", "a number is missing at column 9"},
        {"afterok:$id", "a number is missing at column 9"},
        {"afterok:0", "no job has the number 0 at column 9"},
        {"afterok:4294967296", "more than 4294967295 at column 9"},
        {"afterok:1+5", "only after:1 may have a delay at column 10"},
        {"afterok:1_", "a number is missing at column 11"},
        {"afterok:1,", "a kind of dependency is missing at column 11"},
        {"afterok:1 ,2", "' ' has no place at column 10"},
        {"afterok:1,afterok:2?afterok:3", "cannot be mixed: '?' at column 20"},
        {"singleton:3", "':' has no place at column 10"},
        {"?", "a kind of dependency is missing at column 1"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct depend_spec spec = {.n = 77};
        struct err err;

        assert_true(depend_spec_parse(rows[i].text, &spec, &err) < 0);
        assert_int_equal(spec.n, 77);
        if (!strstr(err.text, rows[i].words))
            fail_msg("'%s': %s", rows[i].text, err.text);
    }
}

/* Jobs 1 pending, 2 running since 1000, 3 ended well, 4 badly, 5 cancelled before it
 * began; others are forgotten. Of array 6, elements end well but for the fourth. */
static struct depend_facts look_up(void *ctx, uint32_t job, uint32_t element)
{
    static const struct depend_facts jobs[] = {
        [1] = {DEPEND_PENDING, 0},     [2] = {DEPEND_RUNNING, 1000},
        [3] = {DEPEND_ENDED_OK, 100},  [4] = {DEPEND_ENDED_BADLY, 200},
        [5] = {DEPEND_ENDED_BADLY, 0},
    };

    (void)ctx;
    if (job == 6)
        return element == 4 ? jobs[4] : jobs[element == ARRAY_NONE ? 2 : 3];
    return job < ARRAY_SIZE(jobs) ? jobs[job] : (struct depend_facts){0};
}

static uint32_t namesake(void *ctx)
{
    return *(uint32_t *)ctx;
}

static void each_kind_judges_each_state(void **state)
{
    static const struct {
        const char *text;
        enum depend_verdict verdict;
        int64_t when;
        const char *words;
    } rows[] = {
        {"", DEPEND_HOLDS, 0, ""},
        {"after:1", DEPEND_WAITS, 0, "job 1 has not begun"},
        {"after:2", DEPEND_HOLDS, 0, ""},
        {"after:2+30", DEPEND_WAITS, 2800, "job 2 has not run long enough"},
        {"after:2+8", DEPEND_HOLDS, 0, ""},
        {"after:3", DEPEND_HOLDS, 0, ""},
        {"after:5+30", DEPEND_HOLDS, 0, ""},
        {"after:99", DEPEND_HOLDS, 0, ""},
        {"afterany:1", DEPEND_WAITS, 0, "job 1 has not begun"},
        {"afterany:2", DEPEND_WAITS, 0, "job 2 has not ended"},
        {"afterany:3:4:5:99", DEPEND_HOLDS, 0, ""},
        {"afterok:3", DEPEND_HOLDS, 0, ""},
        {"afterok:4", DEPEND_NEVER, 0, "afterok: job 4 failed, but had to end well"},
        {"afterok:2:4", DEPEND_NEVER, 0, "job 4 failed"},
        {"afterok:99", DEPEND_NEVER, 0, "job 99 is not known"},
        {"afternotok:3", DEPEND_NEVER, 0, "afternotok: job 3 ended well"},
        {"afternotok:4:5", DEPEND_HOLDS, 0, ""},
        {"afternotok:2", DEPEND_WAITS, 0, "job 2 has not ended"},
        {"aftercorr:6", DEPEND_HOLDS, 0, ""}, /* ours is element 3 */
        {"aftercorr:6_4", DEPEND_NEVER, 0, "job 6_4 failed"},
        {"afterok:6", DEPEND_WAITS, 0, "job 6 has not ended"},
        {"afterok:6_3", DEPEND_HOLDS, 0, ""},
        {"singleton", DEPEND_WAITS, 0, "job 8 of the same name and user"},
        /* AND: the worst counts, and the later time. */
        {"afterok:3,afterok:4,afterok:1", DEPEND_NEVER, 0, "job 4 failed"},
        {"afterok:3,afterany:2", DEPEND_WAITS, 0, "job 2 has not ended"},
        {"after:2+30,after:2+40", DEPEND_WAITS, 3400, "job 2"},
        {"after:2+30,afterany:1", DEPEND_WAITS, 0, "job 2"},
        /* OR: the best counts, and the earlier time. */
        {"afterok:4?afterok:3", DEPEND_HOLDS, 0, ""},
        {"afterok:4?afterok:2", DEPEND_WAITS, 0, "job 2 has not ended"},
        {"afterok:4?afternotok:3", DEPEND_NEVER, 0, "job 4 failed"},
        {"afterany:1?after:2+30?after:2+40", DEPEND_WAITS, 2800, "job 2"},
        {"afterok:3:4?afterok:4", DEPEND_NEVER, 0, "job 4 failed"},
    };
    uint32_t earlier = 8;
    const struct depend_world world = {look_up, namesake, &earlier, 1500};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(depend_spec_fini) struct depend_spec spec = parsed(rows[i].text);
        struct err words = {.code = 0};
        int64_t when = 0;
        enum depend_verdict verdict =
            depend_spec_judge(&spec, 3, &world, &when, &words);

        if (verdict != rows[i].verdict || when != rows[i].when ||
            !strstr(words.text, rows[i].words))
            fail_msg("'%s': verdict %d, when %lld, '%s'", rows[i].text, (int)verdict,
                     (long long)when, words.text);
    }
}

static void a_singleton_alone_holds(void **state)
{
    uint32_t nobody = 0;
    const struct depend_world world = {look_up, namesake, &nobody, 1500};
    cleanup(depend_spec_fini) struct depend_spec spec = parsed("singleton");

    (void)state;
    assert_int_equal(depend_spec_judge(&spec, ARRAY_NONE, &world, NULL, NULL),
                     DEPEND_HOLDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dependencies_print_as_they_are_written),
        cmocka_unit_test(mistakes_are_named_by_column_and_nearest_word),
        cmocka_unit_test(each_kind_judges_each_state),
        cmocka_unit_test(a_singleton_alone_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
