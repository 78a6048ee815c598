/* SPDX-License-Identifier: Apache-2.0
 *
 * test_script.c - what is a batch script, and what is not
 */
#include "options/script.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_refused(const char *script, size_t len, const char *beginning)
{
    struct err err = {0};

    assert_int_equal(script_check(script, len, &err), -EINVAL);
    if (strncmp(err.text, beginning, strlen(beginning)) != 0)
        assert_string_equal(err.text, beginning);
}

static void what_is_no_script_is_refused_in_slurms_words(void **state)
{
    (void)state;
    assert_refused("", 0, "Batch script is empty!");
    assert_refused(" \n\t\n", 4, "Batch script contains only whitespace!");
    assert_refused("echo\n", 5, "This does not look like a batch script.  The first");
    assert_refused("#!/bin/sh\r\n", 11,
                   "Batch script contains DOS line breaks (\\r\\n)");
    assert_refused("#!/bin/sh\n\0x", 12, "The batch script contains a NUL byte");
}

static void a_script_is_accepted(void **state)
{
    struct err err;

    (void)state;
    assert_int_equal(script_check("#!/bin/sh\n", 10, &err), 0);
}

static void a_missing_file_is_named(void **state)
{
    struct err err;
    char *script;
    size_t len;

    (void)state;
    assert_int_equal(script_read("/no/such/script", &script, &len, &err), -ENOENT);
    assert_non_null(strstr(err.text, "/no/such/script"));
}

static void a_wrapped_command_is_a_script(void **state)
{
    size_t len;
    cleanup(freep) char *script = script_wrap("hostname", &len);

    (void)state;
    assert_string_equal(script, "#!/bin/sh\nhostname\n");
    assert_int_equal(script_check(script, len, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_script_is_refused_in_slurms_words),
        cmocka_unit_test(a_script_is_accepted),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(a_wrapped_command_is_a_script),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
