/* SPDX-License-Identifier: Apache-2.0
 *
 * test_copy.c - what sources name, what of them counts, and that copies stay inside
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "build/copy.h"
#include "build/sources.h"

/* A tree to copy from, an image to copy to, and a place outside of both. */
struct place {
    char dir[64];
    int from, to;
    struct source_tree tree;
};

static void put(const struct place *p, const char *path, const char *text)
{
    cleanup(freep) char *whole = xasprintf("%s/%s", p->dir, path);
    cleanup(freep) char *parent = xstrdup(whole);

    *strrchr(parent, '/') = '\0';
    assert_int_equal(io_mkdir_p(parent, 0755, NULL), 0);
    assert_int_equal(io_write_file_atomic(whole, text, strlen(text), 0644, NULL), 0);
}

static void put_link(const struct place *p, const char *path, const char *target)
{
    cleanup(freep) char *whole = xasprintf("%s/%s", p->dir, path);

    assert_int_equal(symlink(target, whole), 0);
}

static void assert_content(const struct place *p, const char *path, const char *text)
{
    cleanup(freep) char *whole = xasprintf("%s/%s", p->dir, path);
    cleanup(freep) char *found = NULL;
    struct err err = {.text = ""};

    if (io_read_file(whole, 4096, &found, NULL, &err))
        fail_msg("%s", err.text);
    assert_string_equal(found, text);
}

static bool exists(const struct place *p, const char *path)
{
    cleanup(freep) char *whole = xasprintf("%s/%s", p->dir, path);
    struct stat st;

    return lstat(whole, &st) == 0;
}

static int open_dir(const struct place *p, const char *name)
{
    cleanup(freep) char *whole = xasprintf("%s/%s", p->dir, name);

    assert_int_equal(io_mkdir_p(whole, 0755, NULL), 0);
    return open(whole, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int setup(void **state)
{
    struct place *p = xcalloc(1, sizeof(*p));

    (void)strcpy(p->dir, "/tmp/berth-copy-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    p->from = open_dir(p, "from");
    p->to = open_dir(p, "to");
    p->tree = (struct source_tree){.root = p->from, .what = "the context"};
    put(p, "from/a", "a");
    put(p, "from/ab", "ab");
    put(p, "from/d/e/f", "f");
    put(p, "from/d/g.o", "g");
    put(p, "outside", "secret");
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;

    (void)close(p->from);
    (void)close(p->to);
    (void)io_remove_tree(p->dir, NULL);
    free(p);
    return 0;
}

static char *find(const struct place *p, const char *pattern)
{
    char *patterns[] = {xstrdup(pattern), NULL};
    cleanup(strv_freep) char **paths = NULL;
    struct err err;
    int rc = sources_find(&p->tree, patterns, &paths, &err);

    free(patterns[0]);
    return rc ? xstrdup(err.text) : strv_join(paths, " ");
}

static void patterns_name_paths(void **state)
{
    static const struct {
        const char *pattern, *found;
    } cases[] = {
        {"a", "a"},
        {"/../a", "a"},
        {"a*", "a ab"},
        {"?", "a d"},
        {"d/*", "d/e d/g.o"},
        {"*/*/f", "d/e/f"},
        {".", ""},
        {"ac", "there is no ac in the context: did you mean a?"},
        {"d/e/ff", "there is no d/e/ff in the context: did you mean d/e/f?"},
        {"zzz", "there is no zzz in the context"},
        {"z*", "nothing in the context matches z*"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cleanup(freep) char *found = find(*state, cases[i].pattern);

        assert_string_equal(found, cases[i].found);
    }
}

static void what_is_ignored_is_not_there(void **state)
{
    struct place *p = *state;
    cleanup(freep) char *found = NULL;
    cleanup(freep) char *named = NULL;
    struct ignore ignore;

    assert_int_equal(ignore_parse("**/*.o\nab\n", &ignore, NULL), 0);
    p->tree.ignore = &ignore;
    found = find(p, "*");
    assert_string_equal(found, "a d");
    named = find(p, "ab");
    assert_string_equal(named, "ab is left out of the context by its ignore file");
    ignore_fini(&ignore);
}

static char *digest(const struct place *p, const char *path)
{
    char *paths[] = {xstrdup(path), NULL}, *text = NULL;

    assert_int_equal(sources_digest(&p->tree, paths, &text, NULL), 0);
    free(paths[0]);
    return text;
}

static void digests_tell_contents_names_and_modes_apart(void **state)
{
    struct place *p = *state;
    cleanup(freep) char *first = digest(p, "d");
    cleanup(freep) char *again = NULL, *content = NULL, *mode = NULL, *name = NULL;
    const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

    assert_int_equal(utimensat(p->from, "d/e/f", times, 0), 0);
    again = digest(p, "d");
    assert_string_equal(first, again);
    put(p, "from/d/e/f", "F");
    content = digest(p, "d");
    assert_string_not_equal(first, content);
    assert_int_equal(fchmodat(p->from, "d/e/f", 0755, 0), 0);
    mode = digest(p, "d");
    assert_string_not_equal(content, mode);
    assert_int_equal(renameat(p->from, "d/e/f", p->from, "d/e/h"), 0);
    name = digest(p, "d");
    assert_string_not_equal(mode, name);
}

static int copy(const struct place *p, const char *path, const char *dest, bool is_dir,
                struct err *err)
{
    char *paths[] = {xstrdup(path), NULL};
    struct copy_job job = {.tree = &p->tree,
                           .paths = paths,
                           .root = p->to,
                           .dest = dest,
                           .dest_is_dir = is_dir,
                           .mode = COPY_MODE_KEPT};
    int rc = copy_all(&job, err);

    free(paths[0]);
    return rc;
}

static void files_and_directories_go_where_documented(void **state)
{
    struct place *p = *state;

    assert_int_equal(copy(p, "a", "x", false, NULL), 0);
    assert_content(p, "to/x", "a");
    assert_int_equal(copy(p, "a", "y/z", true, NULL), 0);
    assert_content(p, "to/y/z/a", "a");
    assert_int_equal(copy(p, "ab", "y", false, NULL), 0);
    assert_content(p, "to/y/ab", "ab");
    assert_int_equal(copy(p, "d", "y", false, NULL), 0);
    assert_content(p, "to/y/e/f", "f");
}

static void what_is_in_the_way_is_replaced_or_refused(void **state)
{
    struct place *p = *state;
    struct err err;

    put(p, "to/x", "old");
    assert_int_equal(copy(p, "a", "x", false, NULL), 0);
    assert_content(p, "to/x", "a");
    assert_true(copy(p, "d", "x", false, &err) < 0);
    assert_string_equal(err.text, "/x: a part of it is there and is no directory");
    put(p, "to/w/e/f/deep", "dir");
    assert_true(copy(p, "d", "w", false, &err) < 0);
    assert_string_equal(err.text, "/w/e/f is a directory: no file can take its place");
}

/* Links of the image, and of the context, mean the image and the context. */
static void links_do_not_lead_out(void **state)
{
    struct place *p = *state;
    cleanup(freep) char *target = xasprintf("%s/outside", p->dir);
    cleanup(freep) char *dir = xstrdup(p->dir);
    struct err err;

    put_link(p, "from/link", target);
    put_link(p, "from/up", "../outside");
    assert_true(copy(p, "link", "x", false, &err) < 0);
    assert_true(copy(p, "up", "x", false, &err) < 0);
    put_link(p, "to/abs", dir);
    put_link(p, "to/file", target);
    assert_true(copy(p, "a", "abs/outside", false, &err) < 0);
    assert_int_equal(copy(p, "a", "file", false, NULL), 0);
    assert_content(p, "to/file", "a");
    assert_content(p, "outside", "secret");
    assert_false(exists(p, "a"));
}

static void a_link_below_a_directory_is_copied_as_one(void **state)
{
    struct place *p = *state;
    cleanup(freep) char *path = xasprintf("%s/to/d/l", p->dir);
    char target[16] = "";

    put_link(p, "from/d/l", "/etc/x");
    assert_int_equal(copy(p, "d", "d", false, NULL), 0);
    assert_int_equal(readlink(path, target, sizeof(target)), 6);
    assert_string_equal(target, "/etc/x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(patterns_name_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_ignored_is_not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(digests_tell_contents_names_and_modes_apart,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(files_and_directories_go_where_documented,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_in_the_way_is_replaced_or_refused,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(links_do_not_lead_out, setup, teardown),
        cmocka_unit_test_setup_teardown(a_link_below_a_directory_is_copied_as_one,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
