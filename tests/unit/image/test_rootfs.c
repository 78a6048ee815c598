/* SPDX-License-Identifier: Apache-2.0
 *
 * test_rootfs.c - layers as one root file system; trees compared
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "fixture.h"
#include "image/rootfs_tar.h"
#include "image/tree_compare.h"
#include "image/unpack.h"

#define END       \
    {             \
        .type = 0 \
    }

static char *dir;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    dir = fx_make_dir();
    err = (struct err){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fx_remove(dir);
    return 0;
}

/* Unpack 'entries' as the layer 'name'. */
static void make(const char *name, const struct fx_entry *entries)
{
    struct fx_bytes tar = fx_tar(entries, "");
    struct archive *a = archive_read_new();
    struct unpack_totals totals;

    (void)archive_read_support_format_tar(a);
    assert_int_equal(mkdir(fx_path(dir, name), 0755), 0);
    assert_int_equal(archive_read_open_memory(a, tar.bytes, tar.len), ARCHIVE_OK);
    if (unpack_archive(a, fx_path(dir, name), &totals, &err) < 0)
        fail_msg("%s", err.text);
    (void)archive_read_free(a);
    free(tar.bytes);
}

/* "name=content\n" of each entry that the stack shows. */
static char *flatten(const char *const *layers, size_t n)
{
    struct strbuf sb = STRBUF_INIT;
    const char *dirs[8];
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    struct rootfs_tar *tar;
    int fd;

    for (size_t i = 0; i < n; i++)
        dirs[i] = fx_path(dir, layers[i]);
    assert_int_equal(rootfs_tar_start(dirs, n, &tar, &fd, &err), 0);
    (void)archive_read_support_format_tar(a);
    assert_int_equal(archive_read_open_fd(a, fd, 10240), ARCHIVE_OK);
    while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
        char text[64] = "";

        (void)archive_read_data(a, text, sizeof(text) - 1);
        strbuf_printf(&sb, "%s", archive_entry_pathname(entry));
        if (*text)
            strbuf_printf(&sb, "=%s", text);
        if (archive_entry_hardlink(entry))
            strbuf_printf(&sb, "->%s", archive_entry_hardlink(entry));
        strbuf_putc(&sb, '\n');
    }
    (void)archive_read_free(a);
    (void)close(fd);
    assert_int_equal(rootfs_tar_finish(tar, &err), 0);
    return strbuf_take(&sb);
}

static void layers_show_through_as_overlayfs_shows_them(void **state)
{
    const struct fx_entry base[] = {
        {'f', "both", "base", 0},        {'f', "gone", "x", 0},
        {'f', "dir/old", "x", 0},        {'f', "dir/kept", "x", 0},
        {'f', "opaque/old", "x", 0},     {'f', "opaque/sub/old", "x", 0},
        {'f', "was_dir/inside", "x", 0}, {'f', "was_file", "x", 0},
        {'f', "again/deep", "base", 0},  END};
    const struct fx_entry middle[] = {{'f', "both", "middle", 0},
                                      {'f', ".wh.gone", "", 0},
                                      {'f', "dir/.wh.old", "", 0},
                                      {'f', "opaque/.wh..wh..opq", "", 0},
                                      {'f', "opaque/new", "x", 0},
                                      {'f', "was_dir", "file", 0},
                                      {'d', "was_file", NULL, 0},
                                      {'f', ".wh.again", "", 0},
                                      {'f', "one", "x", 0},
                                      {'h', "two", "one", 0},
                                      END};
    const struct fx_entry top[] = {{'f', "both", "top", 0},
                                   {'f', "again/new", "top", 0},
                                   {'f', "opaque/top", "x", 0},
                                   END};
    static const char *const layers[] = {"top", "middle", "base"};
    cleanup(freep) char *shown = NULL;

    (void)state;
    make("base", base);
    make("middle", middle);
    make("top", top);
    shown = flatten(layers, 3);
    assert_string_equal(shown, "./\nagain/\nagain/new=top\nboth=top\ndir/\ndir/kept=x\n"
                               "one=x\nopaque/\nopaque/new=x\nopaque/top=x\ntwo->one\n"
                               "was_dir=file\nwas_file/\n");
}

static void a_name_that_came_back_hides_what_was_below(void **state)
{
    /* The middle hides "d", the top makes it anew: nothing of the base shows. */
    const struct fx_entry base[] = {{'f', "d/old", "x", 0}, END};
    const struct fx_entry middle[] = {{'f', ".wh.d", "", 0}, END};
    const struct fx_entry top[] = {{'f', "d/new", "x", 0}, END};
    static const char *const layers[] = {"top", "middle", "base"};
    cleanup(freep) char *shown = NULL;

    (void)state;
    make("base", base);
    make("middle", middle);
    make("top", top);
    shown = flatten(layers, 3);
    assert_string_equal(shown, "./\nd/\nd/new=x\n");
}

static const struct fx_entry tree[] = {{'f', "a", "x", 0},      {'d', "d", NULL, 0},
                                       {'f', "d/f", "y", 0},    {'l', "l", "a", 0},
                                       {'f', ".wh.w", "", 0},   {'h', "h", "a", 0},
                                       {'x', "q", "user.o", 0}, END};

static void equal_trees_are_equal(void **state)
{
    (void)state;
    make("one", tree);
    make("two", tree);
    assert_int_equal(tree_compare(fx_path(dir, "one"), fx_path(dir, "two"), &err), 0);
}

static void the_first_difference_is_named(void **state)
{
    static const struct fx_entry other[] = {
        {'f', "a", "z", 0}, {'f', "a", "longer", 0}, {'f', "a", "x", 0600},
        {'l', "a", "x", 0}, {'d', "a", NULL, 0},     {'x', "a", "user.o", 0},
        {'f', "b", "x", 0}, {'d', "A", NULL, 0}};
    static const char *const words[] = {
        "'a' has other content",  "'a' has another size",   "'a' has another mode",
        "'a' is of another type", "'a' is of another type", "'a' has another size",
        "'a' is missing",         "'A' should not be there"};
    const struct fx_entry wanted[] = {{'f', "a", "x", 0}, END};

    (void)state;
    make("wanted", wanted);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        cleanup(freep) char *name = xasprintf("found%zu", i);

        const struct fx_entry entries[] = {other[i], END};

        make(name, entries);
        assert_int_equal(tree_compare(fx_path(dir, name), fx_path(dir, "wanted"), &err),
                         -EBADMSG);
        assert_string_equal(err.text, words[i]);
    }
    make("more", tree);
    assert_int_equal(tree_compare(fx_path(dir, "more"), fx_path(dir, "wanted"), &err),
                     -EBADMSG);
    assert_int_equal(tree_compare(fx_path(dir, "absent"), fx_path(dir, "wanted"), &err),
                     -ENOENT);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(layers_show_through_as_overlayfs_shows_them),
        TEST(a_name_that_came_back_hides_what_was_below),
        TEST(equal_trees_are_equal),
        TEST(the_first_difference_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
