/* SPDX-License-Identifier: Apache-2.0
 *
 * test_export_rules.c - which directories of NFS servers pods may have mounted
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "node/export_rules.h"

#define RULES "filer:/home:rw,filer:/home/public/:ro,filer:/data,all:/,[fd00::1]:/v6"

static const struct row {
    const char *server, *path, *source; /* NULL: it is not allowed */
    bool is_writable;
} rows[] = {
    {"filer", "/home", "filer:/home", true},
    {"filer", "/home/", "filer:/home", true},
    {"filer", "/home/alice/x", "filer:/home", true},
    {"filer", "/home/public/x", "filer:/home/public", false},
    {"filer", "/data", "filer:/data", false},
    {"filer", "/homes", NULL, false},
    {"filer", "/", NULL, false},
    {"filer", "/home/../data", NULL, false},
    {"filer", "/home/..", NULL, false},
    {"filer", "/home/..x", "filer:/home", true},
    {"filer", "home", NULL, false},
    {"file", "/home", NULL, false},
    {"filer:", "/home", NULL, false},
    {"", "/home", NULL, false},
    {"all", "/any/thing", "all:/", false},
    {"[fd00::1]", "/v6/x", "[fd00::1]:/v6", false},
};

static void each_row_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        bool is_writable = false;
        cleanup(freep) char *source =
            export_rule_find(RULES, rows[i].server, rows[i].path, &is_writable);

        if (!rows[i].source && source)
            fail_msg("%s:%s: %s", rows[i].server, rows[i].path, source);
        if (!rows[i].source)
            continue;
        assert_non_null(source);
        assert_string_equal(source, rows[i].source);
        assert_int_equal(is_writable, rows[i].is_writable);
    }
}

static void without_rules_there_is_nothing(void **state)
{
    bool is_writable;

    (void)state;
    assert_null(export_rule_find(NULL, "filer", "/home", &is_writable));
    assert_null(export_rule_find("", "filer", "/home", &is_writable));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_holds),
        cmocka_unit_test(without_rules_there_is_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
