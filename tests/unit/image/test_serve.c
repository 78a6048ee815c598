/* SPDX-License-Identifier: Apache-2.0
 *
 * test_serve.c - what a store gives to others, what it keeps; fetching from it
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
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
#include "fixture.h"
#include "image/digest.h"
#include "image/fetch.h"
#include "image/serve.h"
#include "image/where.h"

static const struct fx_entry rootfs[] = {
    {'d', "bin", NULL, 0}, {'f', "bin/sh", "#!", 0755}, {.type = 0}};

static char *dir;
static struct image_store *store;
static char digest[IMAGE_DIGEST_MAX];

static int set_up(void **state)
{
    struct image_import_request request = {.ref = "site/a"};
    struct fx_bytes tar = fx_tar(rootfs, "");
    struct image_taken taken;
    int rc;

    (void)state;
    dir = fx_make_dir();
    request.source = fx_path(dir, "a.tar");
    fx_write(request.source, tar.bytes, tar.len);
    free(tar.bytes);
    rc = image_store_open(fx_path(dir, "store"), true, &store, NULL);
    if (rc == 0)
        rc = image_import(store, &request, &taken, NULL);
    if (rc == 0)
        memcpy(digest, taken.digest, sizeof(digest));
    return rc;
}

static int tear_down(void **state)
{
    (void)state;
    image_store_close(store);
    fx_remove(dir);
    return 0;
}

static struct image_reader reader_of(const char *name)
{
    return (struct image_reader){.store = fx_path(dir, name),
                                 .uid = geteuid(),
                                 .gid = getegid(),
                                 .owner = geteuid()};
}

static void finds_names_and_digests(void **state)
{
    struct image_reader reader = reader_of("store");
    char found[IMAGE_DIGEST_MAX];
    bool coming;

    (void)state;
    assert_int_equal(image_serve_find(&reader, "site/a", found, &coming, NULL), 0);
    assert_string_equal(found, digest);
    assert_false(coming);
    assert_int_equal(image_serve_find(&reader, digest, found, &coming, NULL), 0);
    assert_int_equal(image_serve_find(&reader, "site/b", found, &coming, NULL),
                     -ENOENT);
    assert_int_equal(image_serve_find(&reader, "../a", found, &coming, NULL), -EINVAL);
}

static void says_that_one_is_on_its_way(void **state)
{
    struct image_reader reader = reader_of("store");
    char other[IMAGE_DIGEST_MAX], found[IMAGE_DIGEST_MAX];
    cleanup(closep) int lock = -1;
    bool coming;

    (void)state;
    digest_of("x", 1, other);
    assert_int_equal(fetch_lock(store, other, &lock, NULL), 0);
    assert_int_equal(image_serve_find(&reader, other, found, &coming, NULL), -ENOENT);
    assert_true(coming);
    closep(&lock);
    assert_int_equal(image_serve_find(&reader, other, found, &coming, NULL), -ENOENT);
    assert_false(coming);
}

/* A link in the place of a blob must not make a daemon read what it points to. */
static void gives_plain_files_of_the_owner_only(void **state)
{
    struct image_reader reader = reader_of("store");
    char other[IMAGE_DIGEST_MAX], bytes[64];
    cleanup(freep) char *path = NULL;
    uint64_t size;
    size_t n;

    (void)state;
    digest_of("y", 1, other);
    path = xasprintf("%s/store/blobs/sha256/%s", dir, digest_hex(other));
    fx_write(fx_path(dir, "secret"), "secret", 6);
    assert_int_equal(symlink(fx_path(dir, "secret"), path), 0);
    assert_int_equal(
        image_serve_read(&reader, other, 0, bytes, sizeof(bytes), &n, &size, NULL),
        -ENOENT);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(
        image_serve_read(&reader, other, 0, bytes, sizeof(bytes), &n, &size, NULL),
        -ENOENT);
    assert_int_equal(unlink(path), 0);
    fx_write(path, "mine", 4);
    assert_int_equal(
        image_serve_read(&reader, other, 1, bytes, sizeof(bytes), &n, &size, NULL), 0);
    assert_int_equal(n, 3);
    assert_int_equal(size, 4);
    assert_memory_equal(bytes, "ine", 3);
    reader.owner = geteuid() + 1;
    assert_int_equal(
        image_serve_read(&reader, other, 0, bytes, sizeof(bytes), &n, &size, NULL),
        -ENOENT);
    assert_int_equal(image_serve_read(&reader, "sha256:../../x", 0, bytes,
                                      sizeof(bytes), &n, &size, NULL),
                     -EINVAL);
}

/* Reads a store as a node would, and counts; may lie about one blob. */
struct teller {
    struct image_reader reader;
    unsigned int asked;
    bool lies;
};

static int tell(void *ctx, const char *blob, uint64_t offset, void *bytes, size_t max,
                size_t *ret_n, uint64_t *ret_size, struct err *err)
{
    struct teller *teller = ctx;
    int rc = image_serve_read(&teller->reader, blob, offset, bytes, max, ret_n,
                              ret_size, err);

    teller->asked += offset == 0;
    if (rc == 0 && teller->lies && strcmp(blob, digest) != 0 && *ret_n)
        ((char *)bytes)[*ret_n - 1] ^= 1;
    return rc;
}

static void fetches_what_it_lacks_and_believes_nothing(void **state)
{
    struct teller teller = {.reader = reader_of("store")};
    struct fetch_source source = {tell, &teller};
    struct image_store *to;
    struct image *image;
    struct err err;

    (void)state;
    assert_int_equal(image_store_open(fx_path(dir, "to"), true, &to, NULL), 0);
    teller.lies = true;
    assert_int_equal(image_fetch(to, digest, "b", &source, NULL, NULL, &err), -EBADMSG);
    assert_int_equal(image_lookup(to, digest, &image, &err), -ENOENT);
    teller.lies = false;
    assert_int_equal(image_fetch(to, digest, "b", &source, NULL, NULL, NULL), 0);
    assert_int_equal(image_lookup(to, "b", &image, NULL), 0);
    assert_string_equal(image->digest, digest);
    image_free(image);
    /* Again: the documents only. */
    teller.asked = 0;
    assert_int_equal(image_fetch(to, digest, "c", &source, NULL, NULL, NULL), 0);
    assert_int_equal(teller.asked, 2);
    image_store_close(to);
}

static void puts_words_for_letters(void **state)
{
    const struct image_where where = {"/home/ann", "ann", "n7"};
    cleanup(freep) char *path = image_where("%h/x/%u-%n/%%/%q%", &where);

    (void)state;
    assert_string_equal(path, "/home/ann/x/ann-n7/%/%q%");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_names_and_digests),
        cmocka_unit_test(says_that_one_is_on_its_way),
        cmocka_unit_test(gives_plain_files_of_the_owner_only),
        cmocka_unit_test(fetches_what_it_lacks_and_believes_nothing),
        cmocka_unit_test(puts_words_for_letters),
    };

    return cmocka_run_group_tests_name("serve", tests, set_up, tear_down);
}
