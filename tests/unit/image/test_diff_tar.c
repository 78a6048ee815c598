/* SPDX-License-Identifier: Apache-2.0
 *
 * test_diff_tar.c - an overlay's upper directory as a layer, and back
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
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "fixture.h"
#include "image/commit.h"
#include "image/diff_tar.h"
#include "image/digest.h"
#include "image/layer.h"
#include "image/paths.h"
#include "image/unpack.h"

static char *dir; /* of one test: "upper" is what changed */
static struct err err;

static int set_up(void **state)
{
    (void)state;
    dir = fx_make_dir();
    err = (struct err){0};
    return mkdir(fx_path(dir, "upper"), 0755);
}

static int tear_down(void **state)
{
    (void)state;
    fx_remove(dir);
    return 0;
}

static int diff(const char *upper, const char *tar, int64_t latest)
{
    cleanup(closep) int from = open(fx_path(dir, upper), O_RDONLY | O_DIRECTORY);
    cleanup(closep) int to = open(fx_path(dir, tar), O_RDWR | O_CREAT | O_TRUNC, 0600);

    assert_true(from >= 0 && to >= 0);
    return image_diff_tar(from, to, latest, &err);
}

static struct archive *open_tar(const char *tar)
{
    struct archive *a = archive_read_new();

    (void)archive_read_support_format_tar(a);
    assert_int_equal(archive_read_open_filename(a, fx_path(dir, tar), 512), ARCHIVE_OK);
    return a;
}

/* "name\n" for each entry, hard links as "name=other\n". */
static char *names_in(const char *tar)
{
    struct archive *a = open_tar(tar);
    struct archive_entry *entry;
    struct strbuf sb = STRBUF_INIT;

    while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
        strbuf_puts(&sb, archive_entry_pathname(entry));
        if (archive_entry_hardlink(entry))
            strbuf_printf(&sb, "=%s", archive_entry_hardlink(entry));
        strbuf_putc(&sb, '\n');
        assert_int_equal(archive_entry_uid(entry), 0);
        assert_true(archive_entry_mtime(entry) <= 2000000000);
    }
    (void)archive_read_free(a);
    return strbuf_take(&sb);
}

static void make_upper(void)
{
    assert_int_equal(mkdir(fx_path(dir, "upper/etc"), 0755), 0);
    fx_write(fx_path(dir, "upper/etc/hosts"), "x", 1);
    assert_int_equal(mknod(fx_path(dir, "upper/etc/gone"), S_IFCHR, makedev(0, 0)), 0);
    assert_int_equal(mkdir(fx_path(dir, "upper/new"), 0700), 0);
    assert_int_equal(
        setxattr(fx_path(dir, "upper/new"), "user.overlay.opaque", "y", 1, 0), 0);
    fx_write(fx_path(dir, "upper/new/b"), "b", 1);
    assert_int_equal(link(fx_path(dir, "upper/new/b"), fx_path(dir, "upper/new/a")), 0);
    assert_int_equal(symlink("b", fx_path(dir, "upper/new/c")), 0);
}

static void changes_become_entries_in_order(void **state)
{
    cleanup(freep) char *names = NULL;

    (void)state;
    make_upper();
    assert_int_equal(diff("upper", "tar", 2000000000), 0);
    names = names_in("tar");
    assert_string_equal(names, "etc/\netc/.wh.gone\netc/hosts\nnew/\n"
                               "new/.wh..wh..opq\nnew/a\nnew/b=new/a\nnew/c\n");
}

static void whiteouts_by_attribute_are_known(void **state)
{
    cleanup(freep) char *names = NULL;

    (void)state;
    fx_write(fx_path(dir, "upper/gone"), "", 0);
    fx_write(fx_path(dir, "upper/stays"), "", 0);
    assert_int_equal(
        setxattr(fx_path(dir, "upper/gone"), "user.overlay.whiteout", "y", 1, 0), 0);
    /* The mark counts only where the directory says that it has such. */
    assert_int_equal(diff("upper", "tar", -1), 0);
    names = names_in("tar");
    assert_string_equal(names, "gone\nstays\n");
    free(names);
    assert_int_equal(setxattr(fx_path(dir, "upper"), "user.overlay.opaque", "x", 1, 0),
                     0);
    assert_int_equal(diff("upper", "tar", -1), 0);
    names = names_in("tar");
    assert_string_equal(names, ".wh.gone\nstays\n");
}

static void the_same_changes_give_the_same_bytes(void **state)
{
    struct stat a, b;
    cleanup(freep) char *first = NULL, *second = NULL;

    (void)state;
    make_upper();
    assert_int_equal(diff("upper", "first", 1000), 0);
    /* Made anew, in another order and at another time. */
    fx_remove(xstrdup(fx_path(dir, "upper")));
    assert_int_equal(mkdir(fx_path(dir, "upper"), 0755), 0);
    fx_write(fx_path(dir, "upper/zero"), "", 0);
    make_upper();
    assert_int_equal(unlink(fx_path(dir, "upper/zero")), 0);
    assert_int_equal(diff("upper", "second", 1000), 0);
    assert_int_equal(stat(fx_path(dir, "first"), &a), 0);
    assert_int_equal(stat(fx_path(dir, "second"), &b), 0);
    first = fx_read(fx_path(dir, "first"));
    second = fx_read(fx_path(dir, "second"));
    assert_int_equal(a.st_size, b.st_size);
    assert_memory_equal(first, second, (size_t)a.st_size);
}

static void what_is_packed_unpacks_as_it_was(void **state)
{
    struct unpack_totals totals;
    struct archive *a;
    char value[8];
    struct stat st;

    (void)state;
    make_upper();
    assert_int_equal(
        setxattr(fx_path(dir, "upper/etc/hosts"), "user.origin", "me", 2, 0), 0);
    assert_int_equal(
        setxattr(fx_path(dir, "upper/etc"), "user.overlay.impure", "y", 1, 0), 0);
    assert_int_equal(diff("upper", "tar", -1), 0);
    assert_int_equal(mkdir(fx_path(dir, "again"), 0755), 0);
    a = open_tar("tar");
    assert_int_equal(unpack_archive(a, fx_path(dir, "again"), &totals, &err), 0);
    (void)archive_read_free(a);
    assert_int_equal(getxattr(fx_path(dir, "again/etc/hosts"), "user.origin", value, 8),
                     2);
    assert_true(getxattr(fx_path(dir, "again/etc"), "user.overlay.impure", NULL, 0) <
                0);
    assert_int_equal(totals.attributes, 0);
    assert_int_equal(stat(fx_path(dir, "again/new/a"), &st), 0);
    assert_int_equal(st.st_nlink, 2);
    assert_int_equal(lstat(fx_path(dir, "again/etc/gone"), &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    assert_int_equal(
        getxattr(fx_path(dir, "again/new"), "user.overlay.opaque", value, 8), 1);
    assert_int_equal(diff("again", "tar2", -1), 0);
    {
        cleanup(freep) char *once = names_in("tar"), *twice = names_in("tar2");

        assert_string_equal(once, twice);
    }
}

static void an_archive_that_cannot_be_written_is_an_error(void **state)
{
    cleanup(closep) int from = open(fx_path(dir, "upper"), O_RDONLY | O_DIRECTORY);
    cleanup(closep) int full = open("/dev/full", O_WRONLY);

    (void)state;
    fx_write(fx_path(dir, "upper/x"), "x", 1);
    assert_int_equal(image_diff_tar(from, full, -1, &err), -ENOSPC);
}

static struct layer import_layer(struct image_store *store, const char *tar)
{
    cleanup(closep) int fd = open(fx_path(dir, tar), O_RDONLY);
    struct layer_source source = {.fd = fd, .what = "layer"};
    struct layer layer;

    if (layer_import(store, &source, &layer, &err) < 0)
        fail_msg("%s", err.text);
    return layer;
}

static void a_layer_and_a_config_become_an_image(void **state)
{
    cleanup(closep) int lock = -1;
    struct image_store *store = NULL;
    cleanup(freep) char *config = NULL;
    cleanup(image_freep) struct image *image = NULL;
    char digest[IMAGE_DIGEST_MAX];
    struct layer layer, other;

    (void)state;
    make_upper();
    assert_int_equal(diff("upper", "tar", -1), 0);
    assert_int_equal(image_store_open(fx_path(dir, "store"), true, &store, &err), 0);
    assert_int_equal(store_lock(store, LOCK_SH, &lock, &err), 0);
    layer = import_layer(store, "tar");
    config = xasprintf("{\"os\":\"linux\",\"config\":{\"Env\":[\"A=1\"]},"
                       "\"rootfs\":{\"diff_ids\":[\"%s\"]}}",
                       layer.diff_id);
    assert_int_equal(image_commit(store, lock, "built:1", config, strlen(config),
                                  &layer, 1, digest, &err),
                     0);
    assert_int_equal(image_lookup(store, "built:1", &image, &err), 0);
    assert_string_equal(image->digest, digest);
    assert_string_equal(image->env[0], "A=1");
    /* A config that speaks of other layers is not believed. */
    other = layer;
    memset(other.diff_id + strlen("sha256:"), '0', 64);
    assert_int_equal(image_commit(store, lock, "bad", config, strlen(config), &other, 1,
                                  digest, &err),
                     -EINVAL);
    assert_int_equal(image_commit(store, lock, "bad", config, strlen(config), &layer, 0,
                                  digest, &err),
                     -EINVAL);
    image_store_close(store);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(changes_become_entries_in_order),
        TEST(whiteouts_by_attribute_are_known),
        TEST(the_same_changes_give_the_same_bytes),
        TEST(what_is_packed_unpacks_as_it_was),
        TEST(an_archive_that_cannot_be_written_is_an_error),
        TEST(a_layer_and_a_config_become_an_image),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
