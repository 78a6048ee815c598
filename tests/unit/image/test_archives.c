/* SPDX-License-Identifier: Apache-2.0
 *
 * test_archives.c - layers' archives stay in the store as they came
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "fixture.h"
#include "image/digest.h"
#include "image/paths.h"

#define END       \
    {             \
        .type = 0 \
    }

static const struct fx_entry rootfs[] = {
    {'d', "bin", NULL, 0}, {'f', "bin/sh", "#!", 0755}, END};
static const struct fx_entry second[] = {{'f', "etc/hosts", "localhost", 0}, END};

static char *dir;
static struct image_store *store;

static int set_up(void **state)
{
    (void)state;
    dir = fx_make_dir();
    return image_store_open(fx_path(dir, "store"), true, &store, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    image_store_close(store);
    fx_remove(dir);
    return 0;
}

static int import(const char *source, const char *ref)
{
    const struct image_import_request request = {.source = source, .ref = ref};
    struct image_taken taken;

    return image_import(store, &request, &taken, NULL);
}

static void make_layout(void)
{
    struct fx_layer layers[] = {fx_layer(rootfs, "gzip"), fx_layer(second, "zstd")};

    fx_layout(fx_path(dir, "layout"), layers, 2, NULL);
    fx_layer_fini(&layers[0]);
    fx_layer_fini(&layers[1]);
}

static void archives_are_kept_as_they_came(void **state)
{
    static const char *const filters[] = {"", "gzip", "zstd"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
        struct fx_bytes tar = fx_tar(rootfs, filters[i]);
        cleanup(freep) char *blob = NULL, *kept = NULL;
        char of_tar[IMAGE_DIGEST_MAX];
        struct stat st;
        size_t len;

        digest_of(tar.bytes, tar.len, of_tar);
        blob = store_blob_path(store, of_tar);
        assert_int_equal(import(fx_write_tar(dir, "a.tar", rootfs, filters[i]), "a"),
                         0);
        assert_int_equal(io_read_file(blob, 1 << 20, &kept, &len, NULL), 0);
        assert_int_equal(len, tar.len);
        assert_memory_equal(kept, tar.bytes, len);
        assert_int_equal(stat(blob, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        free(tar.bytes);
    }
    /* The tar that the name stood for before is needed no more. */
    assert_int_equal(fx_entries(dir, "store/blobs/sha256"), 3);
    assert_int_equal(fx_entries(dir, "store/tmp"), 0);
}

static void a_store_that_keeps_no_archives_has_documents_only(void **state)
{
    (void)state;
    image_store_keep_archives(store, false);
    assert_int_equal(import(fx_write_tar(dir, "a.tar", rootfs, "gzip"), "a"), 0);
    assert_int_equal(fx_entries(dir, "store/blobs/sha256"), 2);
    assert_int_equal(fx_entries(dir, "store/tmp"), 0);
}

static void an_archive_that_was_not_kept_comes_with_the_next_import(void **state)
{
    (void)state;
    make_layout();
    image_store_keep_archives(store, false);
    assert_int_equal(import(fx_path(dir, "layout"), "a"), 0);
    assert_int_equal(fx_entries(dir, "store/blobs/sha256"), 2);
    image_store_keep_archives(store, true);
    assert_int_equal(import(fx_path(dir, "layout"), "a"), 0);
    assert_int_equal(fx_entries(dir, "store/blobs/sha256"), 4);
    assert_int_equal(fx_entries(dir, "store/layers"), 4);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(archives_are_kept_as_they_came),
        TEST(a_store_that_keeps_no_archives_has_documents_only),
        TEST(an_archive_that_was_not_kept_comes_with_the_next_import),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
