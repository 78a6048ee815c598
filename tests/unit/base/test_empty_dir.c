/* SPDX-License-Identifier: Apache-2.0
 *
 * test_empty_dir.c - what is removed below a root, and what never is
 */
#include "base/empty_dir.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char top[] = "/tmp/berth-test-empty-XXXXXX";
static char root[64], other[64];

static char *at(const char *below)
{
    return xasprintf("%s/%s", top, below);
}

static void write_file(const char *below)
{
    cleanup(freep) char *path = at(below);

    assert_int_equal(io_write_file_atomic(path, "x", 1, 0644, NULL), 0);
}

static void make(const char *below)
{
    cleanup(freep) char *path = at(below);

    assert_int_equal(io_mkdir_p(path, 0755, NULL), 0);
}

static bool is_there(const char *below)
{
    cleanup(freep) char *path = at(below);
    struct stat st;

    return lstat(path, &st) == 0;
}

static void link_to(const char *target, const char *below)
{
    cleanup(freep) char *path = at(below);
    cleanup(freep) char *to = at(target);

    assert_int_equal(symlink(to, path), 0);
}

/* root/{a/sub/x, a/y, b/z}, kept/word */
static int make_tree(void **state)
{
    (void)state;
    (void)memcpy(strrchr(top, '-') + 1, "XXXXXX", 6);
    if (!mkdtemp(top))
        return -1;
    (void)snprintf(root, sizeof(root), "%s/root", top);
    (void)snprintf(other, sizeof(other), "%s/other", top);
    make("root/a/sub");
    make("root/b");
    make("kept");
    write_file("root/a/sub/x");
    write_file("root/a/y");
    write_file("root/b/z");
    write_file("kept/word");
    return 0;
}

static int remove_tree(void **state)
{
    (void)state;
    return io_remove_tree(top, NULL);
}

static int empty(const char *below, struct err *err)
{
    char *roots[] = {other, root, NULL};
    cleanup(freep) char *path = at(below);

    return empty_dir_below(roots, path, err);
}

static void a_directory_below_a_root_goes_and_no_other(void **state)
{
    struct err err;

    (void)state;
    assert_int_equal(empty("root/a/", &err), 0);
    assert_false(is_there("root/a"));
    assert_true(is_there("root/b/z"));
    /* Once more is fine. */
    assert_int_equal(empty("root/a", &err), 0);
}

static void roots_and_what_is_elsewhere_stay(void **state)
{
    static const char *const paths[] = {"root", "root/", "kept", "rootbeer"};
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        assert_int_equal(empty(paths[i], &err), -EPERM);
        assert_non_null(strstr(err.text, "may be emptied"));
    }
    assert_true(is_there("root/a/y"));
    assert_true(is_there("kept/word"));
    assert_int_equal(empty_dir_below(NULL, root, &err), -EPERM);
}

static void paths_with_dots_are_refused(void **state)
{
    static const char *const paths[] = {"root/../kept", "root/a/../../kept", "root/./a",
                                        "root//a"};
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        assert_int_equal(empty(paths[i], &err), -EINVAL);
    assert_true(is_there("kept/word"));
}

static void links_in_a_volume_are_removed_and_not_followed(void **state)
{
    struct err err;

    (void)state;
    link_to("kept", "root/a/out");
    link_to("kept/word", "root/a/sub/out");
    assert_int_equal(empty("root/a", &err), 0);
    assert_false(is_there("root/a"));
    assert_true(is_there("kept/word"));
}

static void a_link_on_the_way_is_refused(void **state)
{
    struct err err;

    (void)state;
    link_to("kept", "root/out");
    link_to("root/b", "root/inside");
    assert_int_equal(empty("root/out", &err), -ELOOP);
    assert_int_equal(empty("root/out/word", &err), -ELOOP);
    assert_int_equal(empty("root/inside", &err), -ELOOP);
    assert_true(is_there("kept/word"));
    assert_true(is_there("root/b/z"));
}

static void a_root_that_is_a_link_is_the_sites(void **state)
{
    struct err err;

    (void)state;
    link_to("root", "other");
    assert_int_equal(empty("other/a", &err), 0);
    assert_false(is_there("root/a"));
    assert_true(is_there("root/b/z"));
}

static void a_root_that_is_not_here_is_told(void **state)
{
    struct err err;

    (void)state;
    assert_int_equal(empty("other/a", &err), -ENOENT);
    assert_non_null(strstr(err.text, other));
}

static void what_only_modes_protect_goes_too(void **state)
{
    cleanup(freep) char *sub = at("root/a/sub");
    struct err err;

    (void)state;
    assert_int_equal(chmod(sub, 0), 0);
    assert_int_equal(empty("root/a", &err), 0);
    assert_false(is_there("root/a"));
}

static void a_file_is_no_volume(void **state)
{
    struct err err;

    (void)state;
    assert_int_equal(empty("root/b/z", &err), -ENOTDIR);
    assert_true(is_there("root/b/z"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_tree, remove_tree)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_directory_below_a_root_goes_and_no_other),
        TEST(roots_and_what_is_elsewhere_stay),
        TEST(paths_with_dots_are_refused),
        TEST(links_in_a_volume_are_removed_and_not_followed),
        TEST(a_link_on_the_way_is_refused),
        TEST(a_root_that_is_a_link_is_the_sites),
        TEST(a_root_that_is_not_here_is_told),
        TEST(what_only_modes_protect_goes_too),
        TEST(a_file_is_no_volume),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
