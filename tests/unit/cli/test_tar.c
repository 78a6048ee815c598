/* SPDX-License-Identifier: Apache-2.0
 *
 * test_tar.c - headers of tar streams, written and read
 */
#include "cli/tar.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static void round_trip(char *name, char *link, uint64_t size, size_t blocks)
{
    struct tar_entry entry = {.type = link ? TAR_SYMLINK : TAR_FILE,
                              .name = name,
                              .link = link,
                              .size = size,
                              .mode = 0751,
                              .mtime = 1700000000};
    cleanup(tar_entry_fini) struct tar_entry copy = {0};
    struct strbuf out = STRBUF_INIT;
    size_t at = 0;
    int rc;

    tar_put(&out, &entry);
    assert_int_equal(out.len, blocks * TAR_BLOCK);
    while ((rc = tar_get((uint8_t *)out.s + at, &copy, NULL)) == 2) {
        size_t len = (size_t)copy.size;

        assert_int_equal(
            tar_record(copy.type, out.s + at + TAR_BLOCK, len, &copy, NULL), 0);
        at += 2 * TAR_BLOCK;
    }
    assert_int_equal(rc, 1);
    assert_string_equal(copy.name, name);
    assert_string_equal(copy.link, link ? link : "");
    assert_int_equal(copy.size, size);
    assert_int_equal(copy.mode, 0751);
    assert_int_equal(copy.mtime, 1700000000);
    strbuf_fini(&out);
}

static void what_is_written_is_read(void **state)
{
    char hundred[101], long_name[151];

    (void)state;
    memset(hundred, 'h', 100);
    hundred[100] = '\0';
    memset(long_name, 'l', 150);
    long_name[150] = '\0';
    round_trip((char[]){"a"}, NULL, 0, 1);
    round_trip(hundred, NULL, 7, 1);
    round_trip(long_name, NULL, 7, 3);
    round_trip((char[]){"a"}, long_name, 0, 3);
    round_trip((char[]){"a"}, NULL, 1ull << 40, 3);
}

static void the_end_and_what_is_no_tar_are_told_apart(void **state)
{
    uint8_t block[TAR_BLOCK] = {0};
    cleanup(tar_entry_fini) struct tar_entry entry = {0};
    struct err err;

    (void)state;
    assert_int_equal(tar_get(block, &entry, &err), 0);
    memset(block, 'x', sizeof(block));
    assert_int_equal(tar_get(block, &entry, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "no tar stream"));
}

static void records_that_lie_are_refused(void **state)
{
    static const char *const wrong[] = {"99 path=x\n", "8 path=x\n", "10 path=x",   "x",
                                        "10 pathx_\n", " path=x\n",  "12 size=-1\n"};
    cleanup(tar_entry_fini) struct tar_entry entry = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_int_equal(tar_record('x', wrong[i], strlen(wrong[i]), &entry, NULL),
                         -EBADMSG);
    assert_int_equal(tar_record('x', "10 path=x\n", 10, &entry, NULL), 0);
    assert_string_equal(entry.name, "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_end_and_what_is_no_tar_are_told_apart),
        cmocka_unit_test(records_that_lie_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
