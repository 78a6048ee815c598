/* SPDX-License-Identifier: Apache-2.0
 *
 * test_ids.c - jobs as Slurm's users write them
 */
#include "slurm/ids.h"

#include "base/mem.h"
#include "base/strbuf.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* "12 13:4": ids, each with its elements. */
static void assert_ids(const char *text, const char *wanted)
{
    cleanup(job_names_fini) struct job_names names = {0};
    struct strbuf out = STRBUF_INIT;

    assert_int_equal(ids_parse(text, &names, NULL), 0);
    for (size_t i = 0; i < names.n; i++)
        strbuf_printf(&out, "%s%" PRIu32 "%s%s", i ? " " : "", names.ids[i],
                      names.elements[i][0] ? ":" : "", names.elements[i]);
    assert_string_equal(out.s ? out.s : "", wanted);
    strbuf_fini(&out);
}

static void all_spellings_are_read(void **state)
{
    (void)state;
    assert_ids("12", "12");
    assert_ids("12,13", "12 13");
    assert_ids("12_3", "12:3");
    assert_ids("14_[5-9]", "14:5-9");
    assert_ids("14_[1,3,5-9]", "14:1,3,5-9");
    assert_ids("123_[0-3,7%4]", "123:0-3,7%4");
    assert_ids("12.0,13.batch", "12 13");
    assert_ids("12+1", "12");
}

static void what_is_no_job_is_named(void **state)
{
    static const char *const wrong[] = {"x",   "12,y", "-1",   "0",
                                        "12_", "12_[", "12_x", "99999999999"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        cleanup(job_names_fini) struct job_names names = {0};
        struct err err = {0};

        if (ids_parse(wrong[i], &names, &err) != -EINVAL)
            fail_msg("%s is taken", wrong[i]);
        assert_non_null(strstr(err.text, "Invalid job id"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_spellings_are_read),
        cmocka_unit_test(what_is_no_job_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
