/* SPDX-License-Identifier: Apache-2.0
 *
 * test_import.c - images of every kind into a store, and those that are refused
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
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "fixture.h"
#include "image/digest.h"
#include "image/store.h"

#define END       \
    {             \
        .type = 0 \
    }

static const struct fx_entry rootfs[] = {{'d', "bin", NULL, 0},
                                         {'f', "bin/sh", "#!", 0755},
                                         {'h', "bin/ash", "bin/sh", 0},
                                         {'c', "dev/null", NULL, 0},
                                         END};
static const struct fx_entry second[] = {
    {'f', "bin/.wh.ash", "", 0}, {'f', "etc/hosts", "localhost", 0}, END};

static char *dir;
static struct image_store *store;
static struct err err;
static struct image_taken taken;

static int set_up(void **state)
{
    (void)state;
    dir = fx_make_dir();
    err = (struct err){0};
    return image_store_open(fx_path(dir, "store"), true, &store, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    image_store_close(store);
    fx_remove(dir);
    return 0;
}

static int import_to(struct image_store *to, const char *source, const char *ref)
{
    const struct image_import_request request = {.source = source, .ref = ref};

    return image_import(to, &request, &taken, &err);
}

static int import(const char *source, const char *ref)
{
    return import_to(store, source, ref);
}

/* Refused, and nothing of it left. */
static void assert_refused(const char *source, const char *words)
{
    assert_true(import(source, "bad") < 0);
    if (!strstr(err.text, words))
        fail_msg("not '%s': %s", words, err.text);
    assert_int_equal(fx_entries(dir, "store/tmp"), 0);
    assert_int_equal(fx_entries(dir, "store/refs"), 0);
}

static void make_layout(const char *arch)
{
    struct fx_layer layers[] = {fx_layer(rootfs, "gzip"), fx_layer(second, "zstd")};

    fx_layout(fx_path(dir, "layout"), layers, 2, arch);
    fx_layer_fini(&layers[0]);
    fx_layer_fini(&layers[1]);
}

static void a_tar_becomes_an_image_of_one_layer(void **state)
{
    cleanup(image_freep) struct image *image = NULL;

    (void)state;
    assert_int_equal(import(fx_write_tar(dir, "a.tar", rootfs, ""), "debian:12"), 0);
    assert_int_equal(taken.skipped, 1);
    assert_int_equal(image_lookup(store, "debian:12", &image, &err), 0);
    assert_string_equal(image->digest, taken.digest);
    assert_string_equal(image->name, "debian:12");
    assert_int_equal(image->n_layers, 1);
    assert_string_equal(image->workdir, "");
    assert_int_equal(image->bytes, 2);
    assert_true(image->created > 0);
    assert_int_equal(access(fx_path(image->layers[0], "bin/ash"), X_OK), 0);
    assert_int_equal(fx_entries(dir, "store/tmp"), 0);
}

static void the_same_tar_compressed_shares_its_layer(void **state)
{
    static const char *const filters[] = {"", "gzip", "zstd", "xz"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
        assert_int_equal(import(fx_write_tar(dir, "a.tar", rootfs, filters[i]), "a"),
                         0);
    assert_int_equal(fx_entries(dir, "store/layers"),
                     2); /* the directory and its size */
}

static void importing_again_gives_the_same_digest(void **state)
{
    char first[IMAGE_DIGEST_MAX];

    (void)state;
    assert_int_equal(import(fx_write_tar(dir, "a.tar", rootfs, "gzip"), "one"), 0);
    memcpy(first, taken.digest, sizeof(first));
    assert_int_equal(import(fx_path(dir, "a.tar"), "two"), 0);
    assert_string_equal(first, taken.digest);
}

static void a_tar_is_read_from_stdin(void **state)
{
    int saved = dup(STDIN_FILENO);
    int fd = open(fx_write_tar(dir, "a.tar", rootfs, "gzip"), O_RDONLY | O_CLOEXEC);
    int r;

    (void)state;
    assert_true(dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    r = import("-", "piped");
    assert_true(dup2(saved, STDIN_FILENO) == STDIN_FILENO);
    close(saved);
    close(fd);
    assert_int_equal(r, 0);
}

static void make_tree(const char *name)
{
    const char *top = fx_path(dir, name);

    assert_int_equal(io_mkdir_p(fx_path(top, "b/c"), 0755, NULL), 0);
    fx_write(fx_path(top, "a"), "1", 1);
    fx_write(fx_path(top, "b/Főtanúsítvány"), "22", 2);
    assert_int_equal(symlink("/a", fx_path(top, "b/c/link")), 0);
    assert_int_equal(link(fx_path(top, "a"), fx_path(top, "b/hard")), 0);
}

static void a_directory_is_packed_the_same_way_each_time(void **state)
{
    cleanup(image_freep) struct image *image = NULL;
    char first[IMAGE_DIGEST_MAX];
    struct stat a, b;

    (void)state;
    make_tree("tree");
    assert_int_equal(import(fx_path(dir, "tree"), "one"), 0);
    memcpy(first, taken.digest, sizeof(first));
    assert_int_equal(import(fx_path(dir, "tree"), "two"), 0);
    assert_string_equal(first, taken.digest);
    assert_int_equal(image_lookup(store, "two", &image, &err), 0);
    assert_int_equal(stat(fx_path(image->layers[0], "a"), &a), 0);
    assert_int_equal(stat(fx_path(image->layers[0], "b/hard"), &b), 0);
    assert_int_equal(a.st_ino, b.st_ino);
    assert_int_equal(access(fx_path(image->layers[0], "b/Főtanúsítvány"), R_OK), 0);
    assert_int_equal(image->bytes, 3);
}

static void a_directory_with_the_store_in_it_is_refused(void **state)
{
    (void)state;
    assert_refused(dir, "contains the image store itself");
}

static void an_unreadable_file_in_a_directory_is_named(void **state)
{
    pid_t pid;
    int status;

    (void)state;
    make_tree("tree");
    assert_int_equal(chmod(fx_path(dir, "tree/a"), 0), 0);
    if (getuid() == 0) {
        assert_int_equal(chmod(dir, 0755), 0);
        assert_int_equal(chmod(fx_path(dir, "tree"), 0755), 0);
        assert_int_equal(chmod(fx_path(dir, "store"), 0777), 0);
        assert_int_equal(chmod(fx_path(dir, "store/tmp"), 0777), 0);
        assert_int_equal(chmod(fx_path(dir, "store/refs"), 0777), 0);
    }
    pid = fork();
    if (pid == 0) {
        if (getuid() == 0 && setuid(65534) < 0)
            _exit(1);
        _exit(import(fx_path(dir, "tree"), "x") < 0 &&
                      strstr(err.text, "cannot read 'a'")
                  ? 0
                  : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void a_layout_becomes_an_image_with_all_it_says(void **state)
{
    cleanup(image_freep) struct image *image = NULL;

    (void)state;
    make_layout(NULL);
    if (import(fx_path(dir, "layout"), "site/hpcc") < 0)
        fail_msg("%s", err.text);
    assert_int_equal(image_lookup(store, "site/hpcc", &image, &err), 0);
    assert_string_equal(image->name, "site/hpcc:latest");
    assert_int_equal(image->n_layers, 2);
    assert_int_equal(access(fx_path(image->layers[0], "etc/hosts"), R_OK), 0);
    assert_int_equal(access(fx_path(image->layers[1], "bin/sh"), X_OK), 0);
    assert_string_equal(strv_getenv(image->env, "X"), "1");
    assert_string_equal(image->entrypoint[0], "/init");
    assert_string_equal(image->cmd[0], "sh");
    assert_string_equal(image->workdir, "/srv");
    assert_string_equal(image->stop_signal, "SIGQUIT");
    assert_int_equal(image->created, 1706933106);
}

static void a_layer_that_comes_twice_is_given_once(void **state)
{
    struct fx_layer layers[] = {fx_layer(second, "gzip"), fx_layer(rootfs, "gzip"),
                                fx_layer(second, "gzip")};
    cleanup(image_freep) struct image *image = NULL;

    (void)state;
    fx_layout(fx_path(dir, "layout"), layers, 3, NULL);
    for (size_t i = 0; i < 3; i++)
        fx_layer_fini(&layers[i]);
    assert_int_equal(import(fx_path(dir, "layout"), "x"), 0);
    assert_int_equal(image_lookup(store, "x", &image, &err), 0);
    assert_int_equal(image->n_layers, 2);
    assert_int_equal(access(fx_path(image->layers[0], "etc/hosts"), R_OK), 0);
}

/* The one descriptor in a layout's index, with 'more' before its end. */
static char *descriptor(const char *more)
{
    cleanup(freep) char *index = fx_read(fx_path(dir, "layout/index.json"));
    char *begin = strstr(index, "[{") + 1, *end = strstr(index, "}]");

    return xasprintf("%.*s%s}", (int)(end - begin), begin, more);
}

static void write_index(const char *a, const char *b)
{
    cleanup(freep) char *index = xasprintf("{\"manifests\":[%s,%s]}", a, b);

    fx_write(fx_path(dir, "layout/index.json"), index, strlen(index));
}

static void a_layout_of_several_images_is_asked_by_name(void **state)
{
    struct fx_layer layer = fx_layer(rootfs, "gzip");
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *one = NULL, *two = NULL;

    (void)state;
    make_layout(NULL);
    two = descriptor(",\"annotations\":{\"org.opencontainers.image.ref.name\":\"v2\"}");
    fx_layout(fx_path(dir, "layout"), &layer, 1, NULL);
    one = descriptor(",\"annotations\":{\"org.opencontainers.image.ref.name\":\"v1\"}");
    fx_layer_fini(&layer);
    write_index(one, two);
    assert_refused(fx_path(dir, "layout"),
                   "holds 2 images (v1, v2): give one of these names as the tag");
    assert_int_equal(import(fx_path(dir, "layout"), "x:v2"), 0);
    assert_int_equal(image_lookup(store, "x:v2", &image, &err), 0);
    assert_int_equal(image->n_layers, 2);
}

static void a_layout_for_several_machines_gives_ours(void **state)
{
    struct fx_layer layer = fx_layer(rootfs, "gzip");
    cleanup(freep) char *ours = NULL, *theirs = NULL;

    (void)state;
    make_layout("pdp11");
    theirs = descriptor(",\"platform\":{\"os\":\"linux\",\"architecture\":\"pdp11\"}");
    fx_layout(fx_path(dir, "layout"), &layer, 1, NULL);
    fx_layer_fini(&layer);
    ours = descriptor("");
    write_index(theirs, ours);
    assert_int_equal(import(fx_path(dir, "layout"), "x"), 0);
    write_index(theirs, theirs);
    assert_int_equal(image_remove(store, "x", &err), 0);
    assert_refused(fx_path(dir, "layout"), "holds no image for linux/");
}

static void an_image_for_another_machine_is_refused(void **state)
{
    (void)state;
    make_layout("pdp11");
    assert_refused(fx_path(dir, "layout"), "the image is for pdp11, this machine is ");
}

static const char *layer_blob(void)
{
    struct fx_layer layer = fx_layer(rootfs, "gzip");
    cleanup(freep) char *name =
        xasprintf("layout/blobs/sha256/%s", digest_hex(layer.digest));

    fx_layer_fini(&layer);
    return fx_path(dir, name);
}

static void a_truncated_blob_is_refused(void **state)
{
    (void)state;
    make_layout(NULL);
    assert_int_equal(truncate(layer_blob(), 100), 0);
    assert_refused(fx_path(dir, "layout"), "has 100 bytes, its descriptor says");
}

static void a_missing_blob_is_refused(void **state)
{
    (void)state;
    make_layout(NULL);
    assert_int_equal(unlink(layer_blob()), 0);
    assert_refused(fx_path(dir, "layout"), "layer 1/2");
}

/* Gzip's header holds a byte for the maker's system: the tar is the same, the
 * blob is not. */
static void a_blob_with_another_digest_is_refused(void **state)
{
    int fd;

    (void)state;
    make_layout(NULL);
    fd = open(layer_blob(), O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "\x2a", 1, 9), 1);
    close(fd);
    assert_refused(fx_path(dir, "layout"), "layer 1/2: digest does not match");
    assert_int_equal(fx_entries(dir, "store/layers"), 0);
}

static void a_layer_with_another_diff_id_is_refused(void **state)
{
    struct fx_layer layer = fx_layer(rootfs, "gzip");

    (void)state;
    memset(layer.diff_id + 7, 'a', 64);
    fx_layout(fx_path(dir, "layout"), &layer, 1, NULL);
    fx_layer_fini(&layer);
    assert_refused(fx_path(dir, "layout"), "unpacked content does not match");
}

static void an_evil_layer_leaves_nothing_behind(void **state)
{
    const struct fx_entry evil[] = {
        {'f', "fine", "x", 0}, {'f', "../../../refs/evil", "x", 0}, END};
    struct fx_layer layer = fx_layer(evil, "gzip");

    (void)state;
    fx_layout(fx_path(dir, "layout"), &layer, 1, NULL);
    fx_layer_fini(&layer);
    assert_refused(fx_path(dir, "layout"),
                   "layer 1/1: '../../../refs/evil' tries to leave");
    assert_int_equal(fx_entries(dir, "store/layers"), 0);
}

static void sources_that_are_no_images_are_named(void **state)
{
    const struct fx_entry archive[] = {
        {'f', "oci-layout", "{}", 0}, {'f', "index.json", "{}", 0}, END};
    struct fx_bytes tar = fx_tar(archive, "");

    (void)state;
    fx_write(fx_path(dir, "text"), "hello, world", 12);
    fx_write(fx_path(dir, "empty"), "", 0);
    fx_write(fx_path(dir, "archive.tar"), tar.bytes, tar.len);
    free(tar.bytes);
    assert_refused(fx_path(dir, "absent"), "No such file");
    assert_refused(fx_path(dir, "text"), "not a tar archive");
    assert_refused(fx_path(dir, "empty"), "the archive is empty");
    assert_refused("/dev/null", "is neither an archive nor a directory");
    assert_refused(fx_path(dir, "archive.tar"), "there is no manifest");
}

static void a_truncated_tar_is_refused(void **state)
{
    (void)state;
    assert_int_equal(truncate(fx_write_tar(dir, "a.tar", rootfs, "gzip"), 60), 0);
    assert_refused(fx_path(dir, "a.tar"), "root file system: ");
}

static void a_bad_name_is_refused_before_anything_happens(void **state)
{
    (void)state;
    assert_int_equal(import(fx_write_tar(dir, "a.tar", rootfs, ""), "../x"), -EINVAL);
    assert_non_null(strstr(err.text, "'../x' is no image name"));
    assert_int_equal(fx_entries(dir, "store/layers"), 0);
}

static void count_calls(const char *what, uint64_t done, uint64_t total, void *ctx)
{
    assert_string_equal(what, "root file system");
    assert_true(done <= total);
    ++*(int *)ctx;
}

static void progress_is_told(void **state)
{
    int calls = 0;
    const struct image_import_request request = {
        .source = fx_write_tar(dir, "a.tar", rootfs, ""),
        .ref = "x",
        .progress = count_calls,
        .ctx = &calls};

    (void)state;
    assert_int_equal(image_import(store, &request, &taken, &err), 0);
    assert_true(calls > 0);
}

static void two_imports_at_once_do_no_harm(void **state)
{
    cleanup(image_freep) struct image *image = NULL;
    const char *path = fx_write_tar(dir, "a.tar", rootfs, "gzip");
    int status;

    (void)state;
    for (int i = 0; i < 8; i++)
        if (fork() == 0)
            _exit(import(path, i % 2 ? "one" : "two") == 0 ? 0 : 1);
    for (int i = 0; i < 8; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(fx_entries(dir, "store/tmp"), 0);
    assert_int_equal(image_lookup(store, "one", &image, &err), 0);
}

static void a_killed_imports_leftovers_go_with_the_next(void **state)
{
    (void)state;
    assert_int_equal(io_mkdir_p(fx_path(dir, "store/tmp/abc/def"), 0755, NULL), 0);
    assert_int_equal(import(fx_write_tar(dir, "a.tar", rootfs, ""), "a"), 0);
    assert_int_equal(fx_entries(dir, "store/tmp"), 0);
}

static bool write_proc(const char *path, const char *text)
{
    cleanup(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

    return fd >= 0 && io_write_full(fd, text, strlen(text)) == 0;
}

/* In a child with a mount namespace of its own: 0 when a store on a file system
 * of 1 MiB refuses 4 MiB in the right words, 77 when it cannot be tried. */
static int fill_disk(void)
{
    cleanup(freep) char *uids = xasprintf("0 %u 1", (unsigned int)getuid());
    cleanup(freep) char *gids = xasprintf("0 %u 1", (unsigned int)getgid());
    cleanup(freep) char *big = xcalloc(1, 4 << 20);
    const char *words = "root file system: no space left for root file system in the "
                        "image store ";

    memset(big, 'x', (4 << 20) - 1);
    fx_write(fx_path(dir, "big"), big, 4 << 20);
    if (io_mkdir_p(fx_path(dir, "tree"), 0755, NULL) < 0 ||
        rename(fx_path(dir, "big"), fx_path(dir, "tree/big")) < 0)
        return 1;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
        !write_proc("/proc/self/setgroups", "deny") ||
        !write_proc("/proc/self/uid_map", uids) ||
        !write_proc("/proc/self/gid_map", gids) ||
        mount("tmpfs", fx_path(dir, "store"), "tmpfs", 0, "size=1m") < 0)
        return 77;
    image_store_close(store);
    if (image_store_open(fx_path(dir, "store"), true, &store, &err) < 0)
        return 2;
    if (import(fx_path(dir, "tree"), "x") != -ENOSPC)
        return 3;
    if (strncmp(err.text, words, strlen(words)) != 0)
        return 4;
    return fx_entries(dir, "store/tmp") || fx_entries(dir, "store/refs") ||
                   fx_entries(dir, "store/layers")
               ? 5
               : 0;
}

static void a_full_disk_is_said_to_be_full_and_nothing_stays(void **state)
{
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        _exit(fill_disk());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        print_message("skipped: this machine allows no user namespaces\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void removing_collects_what_no_name_needs(void **state)
{
    (void)state;
    make_layout(NULL);
    assert_int_equal(import(fx_path(dir, "layout"), "both"), 0);
    assert_int_equal(import(fx_write_tar(dir, "a.tar", rootfs, ""), "first"), 0);
    assert_int_equal(fx_entries(dir, "store/layers"),
                     4); /* the tar is the first layer */
    assert_int_equal(fx_entries(dir, "store/blobs/sha256"),
                     7); /* with three archives */
    assert_int_equal(image_remove(store, "both", &err), 0);
    assert_int_equal(fx_entries(dir, "store/layers"), 2);
    assert_int_equal(fx_entries(dir, "store/blobs/sha256"), 3);
    assert_int_equal(image_remove(store, "first:latest", &err), 0);
    assert_int_equal(fx_entries(dir, "store/layers"), 0);
    assert_int_equal(fx_entries(dir, "store/blobs/sha256"), 0);
    assert_int_equal(fx_entries(dir, "store/tmp"), 0);
}

static void importing_over_a_name_drops_what_it_stood_for(void **state)
{
    (void)state;
    assert_int_equal(import(fx_write_tar(dir, "a.tar", rootfs, ""), "a"), 0);
    make_tree("tree");
    assert_int_equal(import(fx_path(dir, "tree"), "a"), 0);
    assert_int_equal(fx_entries(dir, "store/layers"), 2);
    assert_int_equal(fx_entries(dir, "store/blobs/sha256"), 3);
}

static void layers_that_are_held_outlive_their_name(void **state)
{
    struct image *image = NULL;

    (void)state;
    assert_int_equal(import(fx_write_tar(dir, "a.tar", rootfs, ""), "a"), 0);
    assert_int_equal(image_lookup(store, "a", &image, &err), 0);
    assert_int_equal(image_hold(image, &err), 0);
    assert_int_equal(image_remove(store, "a", &err), 0);
    assert_int_equal(access(fx_path(image->layers[0], "bin/sh"), X_OK), 0);
    image_free(image);
    assert_int_equal(import(fx_write_tar(dir, "b.tar", rootfs, "gzip"), "b"), 0);
    assert_int_equal(image_remove(store, "b", &err), 0);
    assert_int_equal(fx_entries(dir, "store/layers"), 0);
}

static void a_name_not_there_is_answered_with_the_nearest(void **state)
{
    struct image *image = NULL;
    cleanup(freep) char *words =
        xasprintf("there is no image 'debain' in %s, did you mean 'debian'?",
                  image_store_path(store));

    (void)state;
    assert_int_equal(image_lookup(store, "x", &image, &err), -ENOENT);
    assert_non_null(strstr(err.text, "import one with 'berth image import'"));
    assert_int_equal(import(fx_write_tar(dir, "a.tar", rootfs, ""), "debian"), 0);
    assert_int_equal(image_lookup(store, "debain", &image, &err), -ENOENT);
    assert_string_equal(err.text, words);
    assert_int_equal(image_remove(store, "debain", &err), -ENOENT);
    assert_string_equal(err.text, words);
}

static void a_digest_is_looked_up_like_a_name(void **state)
{
    cleanup(image_freep) struct image *image = NULL;

    (void)state;
    assert_int_equal(import(fx_write_tar(dir, "a.tar", rootfs, ""), "a"), 0);
    assert_int_equal(image_lookup(store, taken.digest, &image, &err), 0);
    assert_string_equal(image->digest, taken.digest);
    assert_int_equal(image->n_layers, 1);
}

static void the_first_store_that_has_a_name_answers(void **state)
{
    const char *stores[] = {fx_path(dir, "absent"), fx_path(dir, "mine"),
                            fx_path(dir, "store")};
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *found = NULL;
    struct image_store *mine;

    (void)state;
    assert_int_equal(image_store_open(stores[1], true, &mine, &err), 0);
    assert_int_equal(import(fx_write_tar(dir, "a.tar", rootfs, ""), "site"), 0);
    assert_int_equal(import_to(mine, fx_path(dir, "a.tar"), "own"), 0);
    image_store_close(mine);
    assert_int_equal(image_find(stores, 3, "site", &image, &found, &err), 0);
    assert_string_equal(found, stores[2]);
    assert_int_equal(image_find(stores, 3, "siet", &image, &found, &err), -ENOENT);
    assert_non_null(strstr(err.text, "did you mean 'site'?"));
    assert_int_equal(image_find(stores, 3, "onw", &image, &found, &err), -ENOENT);
    assert_non_null(strstr(err.text, "did you mean 'own'?"));
}

static void a_damaged_document_is_noticed(void **state)
{
    struct image *image = NULL;
    cleanup(freep) char *name = NULL;

    (void)state;
    assert_int_equal(import(fx_write_tar(dir, "a.tar", rootfs, ""), "a"), 0);
    name = xasprintf("store/blobs/sha256/%s", digest_hex(taken.digest));
    fx_write(fx_path(dir, name), "{}", 2);
    assert_true(image_lookup(store, "a", &image, &err) < 0);
    assert_non_null(strstr(err.text, "image a:latest: "));
    assert_non_null(strstr(err.text, "is damaged"));
}

static void images_are_listed_by_name(void **state)
{
    struct image **images;
    size_t n;

    (void)state;
    assert_int_equal(import(fx_write_tar(dir, "a.tar", rootfs, ""), "zeta"), 0);
    assert_int_equal(import(fx_path(dir, "a.tar"), "alpha/beta:1"), 0);
    fx_write(fx_path(dir, "store/refs/.tmp-123"), "x", 1);
    assert_int_equal(image_list(store, &images, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_string_equal(images[0]->name, "alpha/beta:1");
    assert_string_equal(images[1]->name, "zeta:latest");
    image_free(images[0]);
    image_free(images[1]);
    free(images);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_tar_becomes_an_image_of_one_layer),
        TEST(the_same_tar_compressed_shares_its_layer),
        TEST(importing_again_gives_the_same_digest),
        TEST(a_tar_is_read_from_stdin),
        TEST(a_directory_is_packed_the_same_way_each_time),
        TEST(a_directory_with_the_store_in_it_is_refused),
        TEST(an_unreadable_file_in_a_directory_is_named),
        TEST(a_layout_becomes_an_image_with_all_it_says),
        TEST(a_layer_that_comes_twice_is_given_once),
        TEST(a_layout_of_several_images_is_asked_by_name),
        TEST(a_layout_for_several_machines_gives_ours),
        TEST(an_image_for_another_machine_is_refused),
        TEST(a_truncated_blob_is_refused),
        TEST(a_missing_blob_is_refused),
        TEST(a_blob_with_another_digest_is_refused),
        TEST(a_layer_with_another_diff_id_is_refused),
        TEST(an_evil_layer_leaves_nothing_behind),
        TEST(sources_that_are_no_images_are_named),
        TEST(a_truncated_tar_is_refused),
        TEST(a_bad_name_is_refused_before_anything_happens),
        TEST(progress_is_told),
        TEST(two_imports_at_once_do_no_harm),
        TEST(a_killed_imports_leftovers_go_with_the_next),
        TEST(a_full_disk_is_said_to_be_full_and_nothing_stays),
        TEST(removing_collects_what_no_name_needs),
        TEST(importing_over_a_name_drops_what_it_stood_for),
        TEST(layers_that_are_held_outlive_their_name),
        TEST(a_name_not_there_is_answered_with_the_nearest),
        TEST(a_digest_is_looked_up_like_a_name),
        TEST(the_first_store_that_has_a_name_answers),
        TEST(a_damaged_document_is_noticed),
        TEST(images_are_listed_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
