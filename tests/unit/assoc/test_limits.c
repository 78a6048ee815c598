/* SPDX-License-Identifier: Apache-2.0
 *
 * test_limits.c - limits as text and back
 */
#include "fixture.h"

static char *reformat(enum limit id, const char *text)
{
    struct limits l = {0};
    struct err err = {0};
    if (limits_parse(&l, id, text, &err) < 0)
        return xstrdup(err.text);
    return limits_format(&l, id);
}

static void assert_reformats(enum limit id, const char *text, const char *expected)
{
    cleanup(freep) char *got = reformat(id, text);
    assert_string_equal(got, expected);
}

static void each_unit_reads_what_it_writes(void **state)
{
    (void)state;
    assert_reformats(LIMIT_GRP_CORES, "64", "64");
    assert_reformats(LIMIT_GRP_CORES, "0", "0");
    assert_reformats(LIMIT_GRP_MEM, "64G", "64G");
    assert_reformats(LIMIT_GRP_MEM, "1500", "1500M");
    assert_reformats(LIMIT_MAX_WALL, "1-00:00:00", "1-00:00:00");
    assert_reformats(LIMIT_MAX_WALL, "90", "01:30:00");
    assert_reformats(LIMIT_GRP_CORE_MINS, "6000", "6000");
    assert_reformats(LIMIT_GRP_CORE_MINS, "2h", "120");
    assert_reformats(LIMIT_GRP_CORES, "none", "none");
    assert_reformats(LIMIT_MAX_WALL, "unlimited", "none");
}

static void bad_text_names_the_limit(void **state)
{
    (void)state;
    struct limits l = {0};
    struct err err;
    assert_int_equal(limits_parse(&l, LIMIT_GRP_CORES, "many", &err), -EINVAL);
    assert_ptr_equal(strstr(err.text, "grp-cores: "), err.text);
    assert_int_equal(limits_parse(&l, LIMIT_GRP_MEM, "9x", &err), -EINVAL);
    assert_int_equal(limits_parse(&l, LIMIT_GRP_JOBS, "-3", &err), -EINVAL);
    assert_int_equal(l.set, 0);
}

static void every_limit_is_found_by_its_name_and_names_are_unique(void **state)
{
    (void)state;
    for (int i = 0; i < LIMIT_N; i++) {
        enum limit found;
        assert_int_equal(limit_find(limit_name((enum limit)i), &found, NULL), 0);
        assert_int_equal(found, i);
    }
    struct err err;
    enum limit found;
    assert_int_equal(limit_find("grp-core", &found, &err), -EINVAL);
    assert_string_equal(err.text,
                        "grp-core: there is no such limit (did you mean grp-cores?)");
}

static void the_four_of_a_kind_stand_in_order(void **state)
{
    (void)state;
    static const char *const part[TRES_N] = {"core", "mem", "node", "gpu"};
    static const enum limit bases[] = {
        LIMIT_GRP_CORES,         LIMIT_GRP_CORE_MINS,
        LIMIT_GRP_CORE_RUN_MINS, LIMIT_JOB_CORES,
        LIMIT_JOB_CORE_MINS,     LIMIT_MIN_CORES,
        LIMIT_USER_CORES,        LIMIT_USER_CORE_RUN_MINS,
        LIMIT_ACCOUNT_CORES,     LIMIT_ACCOUNT_CORE_RUN_MINS};
    for (size_t b = 0; b < ARRAY_SIZE(bases); b++)
        for (int k = 0; k < TRES_N; k++)
            assert_non_null(strstr(limit_name(LIMIT_OF(bases[b], k)), part[k]));
}

static void reasons_have_names_of_their_own(void **state)
{
    (void)state;
    assert_string_equal(limit_reason_name(0), "None");
    assert_string_equal(limit_reason_name(limit_reason_of(LIMIT_GRP_CORES, false)),
                        "AssocGrpCpuLimit");
    assert_string_equal(limit_reason_name(limit_reason_of(LIMIT_MAX_JOBS, true)),
                        "QOSMaxJobsPerUserLimit");
    for (int i = 1; i <= 2 * LIMIT_N; i++)
        for (int j = i + 1; j <= 2 * LIMIT_N; j++)
            assert_true(*limit_reason_name((limit_reason)i) == '\0' ||
                        strcmp(limit_reason_name((limit_reason)i),
                               limit_reason_name((limit_reason)j)) != 0);
}

static void all_that_is_set_is_one_line(void **state)
{
    (void)state;
    struct limits l = {0};
    cleanup(freep) char *none = limits_format_all(&l);
    assert_string_equal(none, "");
    limits_set(&l, LIMIT_MAX_WALL, 86400);
    limits_set(&l, LIMIT_GRP_CORES, 64);
    cleanup(freep) char *two = limits_format_all(&l);
    assert_string_equal(two, "grp-cores=64,max-wall=1-00:00:00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_unit_reads_what_it_writes),
        cmocka_unit_test(bad_text_names_the_limit),
        cmocka_unit_test(every_limit_is_found_by_its_name_and_names_are_unique),
        cmocka_unit_test(the_four_of_a_kind_stand_in_order),
        cmocka_unit_test(reasons_have_names_of_their_own),
        cmocka_unit_test(all_that_is_set_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
