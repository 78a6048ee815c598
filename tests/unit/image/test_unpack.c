/* SPDX-License-Identifier: Apache-2.0
 *
 * test_unpack.c - archives, honest and evil, into a directory
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "fixture.h"
#include "image/tree_at.h"
#include "image/unpack.h"

#define END       \
    {             \
        .type = 0 \
    }

static char *dir; /* of one test: "root" is the target, "outside" must stay empty */
static struct unpack_totals totals;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    dir = fx_make_dir();
    totals = (struct unpack_totals){0};
    err = (struct err){0};
    return mkdir(fx_path(dir, "root"), 0700) < 0 ||
                   mkdir(fx_path(dir, "outside"), 0700) < 0
               ? -1
               : 0;
}

static int tear_down(void **state)
{
    (void)state;
    /* Empty, or rmdir fails: nothing was written there. */
    if (rmdir(fx_path(dir, "outside")) < 0)
        return -1;
    fx_remove(dir);
    return 0;
}

static int unpack_to(const char *name, const struct fx_entry *entries)
{
    struct fx_bytes tar = fx_tar(entries, "");
    struct archive *a = archive_read_new();
    int r;

    (void)archive_read_support_format_tar(a);
    assert_int_equal(archive_read_open_memory(a, tar.bytes, tar.len), ARCHIVE_OK);
    r = unpack_archive(a, fx_path(dir, name), &totals, &err);
    (void)archive_read_free(a);
    free(tar.bytes);
    return r;
}

static int unpack(const struct fx_entry *entries)
{
    return unpack_to("root", entries);
}

static struct stat stat_of(const char *name)
{
    struct stat st = {0};

    if (lstat(fx_path(dir, name), &st) < 0)
        fail_msg("%s: %s", name, strerror(errno));
    return st;
}

static bool exists(const char *name)
{
    struct stat st;

    return lstat(fx_path(dir, name), &st) == 0;
}

static void assert_content(const char *name, const char *text)
{
    cleanup(freep) char *found = fx_read(fx_path(dir, name));

    assert_string_equal(found, text);
}

static void files_links_and_directories_come_out_as_they_were(void **state)
{
    const struct fx_entry tar[] = {{'d', "./", NULL, 0700},
                                   {'d', "bin/", NULL, 0755},
                                   {'f', "./bin/sh", "#!", 0755},
                                   {'h', "bin/ash", "bin/sh", 0},
                                   {'l', "sbin", "bin", 0},
                                   {'f', "deep/er/file", "x", 0640},
                                   END};
    struct stat st;

    (void)state;
    assert_int_equal(unpack(tar), 0);
    assert_int_equal(stat_of("root").st_mode & 07777, 0755);
    assert_int_equal(stat_of("root/bin/sh").st_mode & 07777, 0755);
    assert_int_equal(stat_of("root/bin/sh").st_mtime, 1000000000);
    assert_int_equal(stat_of("root/bin").st_mtime, 1000000000);
    assert_int_equal(stat_of("root/bin/ash").st_ino, stat_of("root/bin/sh").st_ino);
    assert_int_equal(stat_of("root/deep/er/file").st_mode & 07777, 0640);
    st = stat_of("root/sbin");
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(st.st_uid, getuid());
    assert_int_equal(totals.bytes, 3);
}

static void names_that_are_not_ascii_survive(void **state)
{
    const struct fx_entry tar[] = {
        {'f', "etc/NetLock_Arany_=Főtanúsítvány.crt", "x", 0}, END};

    (void)state;
    assert_int_equal(unpack(tar), 0);
    assert_true(exists("root/etc/NetLock_Arany_=Főtanúsítvány.crt"));
}

static void setid_bits_are_dropped_and_owners_can_read(void **state)
{
    const struct fx_entry tar[] = {{'f', "su", "x", 06755},
                                   {'f', "shadow", "x", 0600},
                                   {'f', "sealed", "x", 0111},
                                   {'d', "closed", NULL, 0011},
                                   {'f', "closed/file", "x", 0},
                                   {'d', "tmp", NULL, 01777},
                                   END};

    (void)state;
    assert_int_equal(unpack(tar), 0);
    assert_int_equal(stat_of("root/su").st_mode & 07777, 0755);
    assert_int_equal(stat_of("root/shadow").st_mode & 07777, 0600);
    assert_int_equal(stat_of("root/sealed").st_mode & 07777, 0511);
    assert_int_equal(stat_of("root/closed").st_mode & 07777, 0711);
    assert_int_equal(stat_of("root/tmp").st_mode & 07777, 01777);
}

static void attributes_that_are_no_right_are_kept(void **state)
{
    const struct fx_entry tar[] = {{'x', "a", "user.origin", 0},
                                   {'X', "d", "user.origin", 0},
                                   {'x', "ping", "security.capability", 0},
                                   {'X', "hidden", "user.overlay.opaque", 0},
                                   {'x', "t", "trusted.overlay.redirect", 0},
                                   {'x', "u", "user.", 0},
                                   END};
    char value[8];

    (void)state;
    assert_int_equal(unpack(tar), 0);
    assert_int_equal(getxattr(fx_path(dir, "root/a"), "user.origin", value, 8), 1);
    assert_int_equal(getxattr(fx_path(dir, "root/d"), "user.origin", value, 8), 1);
    assert_int_equal(stat_of("root/a").st_mtim.tv_nsec, 123456789);
    assert_true(getxattr(fx_path(dir, "root/ping"), "security.capability", value, 8) <
                0);
    assert_true(getxattr(fx_path(dir, "root/hidden"), "user.overlay.opaque", value, 8) <
                0);
    assert_int_equal(totals.attributes, 4);
}

/* A sparse file as GNU tar writes it: 64 MiB of hole with a word at each end. */
static void holes_stay_holes(void **state)
{
    cleanup(freep) char *command =
        xasprintf("cd %s && printf head >s && truncate -s 64M s && printf tail >>s && "
                  "tar --sparse --format=posix -cf s.tar s && "
                  "tar --sparse --format=gnu -cf g.tar s",
                  dir);
    static const char *const tars[] = {"s.tar", "g.tar"};

    (void)state;
    assert_int_equal(system(command), 0);
    for (size_t i = 0; i < ARRAY_SIZE(tars); i++) {
        struct archive *a = archive_read_new();
        struct stat st;

        (void)archive_read_support_format_tar(a);
        assert_int_equal(archive_read_open_filename(a, fx_path(dir, tars[i]), 65536),
                         ARCHIVE_OK);
        assert_int_equal(unpack_archive(a, fx_path(dir, "root"), &totals, &err), 0);
        (void)archive_read_free(a);
        st = stat_of("root/s");
        assert_int_equal(st.st_size, (64 << 20) + 4);
        assert_true(st.st_blocks * 512 < 1 << 20);
        assert_int_equal(i < 2, totals.bytes < 1 << 20);
    }
}

static void long_names_survive(void **state)
{
    char name[256], path[1200], link[1200];
    const struct fx_entry tar[] = {
        {'f', path, "x", 0}, {'l', "l", link, 0}, {'h', "h", path, 0}, END};
    char target[1300];

    (void)state;
    memset(name, 'n', 255);
    name[255] = '\0';
    (void)snprintf(path, sizeof(path), "%s/%s/%s/%s", name, name, name, name);
    memset(link, 'l', sizeof(link));
    link[sizeof(link) - 1] = '\0';
    assert_int_equal(unpack(tar), 0);
    assert_int_equal(stat_of("root/h").st_nlink, 2);
    assert_int_equal(readlink(fx_path(dir, "root/l"), target, sizeof(target)), 1199);
}

static void devices_and_pipes_are_skipped_and_counted(void **state)
{
    const struct fx_entry tar[] = {{'c', "dev/null", NULL, 0},
                                   {'p', "run/pipe", NULL, 0},
                                   {'f', "x", "y", 0},
                                   END};

    (void)state;
    assert_int_equal(unpack(tar), 0);
    assert_int_equal(totals.skipped, 2);
    assert_false(exists("root/dev/null"));
    assert_true(exists("root/x"));
}

static void a_later_entry_replaces_an_earlier_one(void **state)
{
    const struct fx_entry tar[] = {{'f', "a", "old", 0},
                                   {'f', "a", "new", 0},
                                   {'d', "d", NULL, 0},
                                   {'f', "d/inside", "x", 0},
                                   {'f', "d", "file", 0},
                                   {'l', "e", "a", 0},
                                   {'d', "e", NULL, 0},
                                   {'f', "e/f", "x", 0},
                                   {'l', "g", "../../outside/x", 0},
                                   {'f', "g", "mine", 0},
                                   END};

    (void)state;
    assert_int_equal(unpack(tar), 0);
    assert_content("root/a", "new");
    assert_content("root/d", "file");
    assert_content("root/e/f", "x");
    assert_content("root/g", "mine");
}

static void dots_that_lead_out_are_refused(void **state)
{
    static const char *const names[] = {"../outside/x", "a/../../outside/x", "..",
                                        "/../outside/x", "./.././outside/x"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const struct fx_entry tar[] = {{'f', names[i], "evil", 0}, END};

        assert_int_equal(unpack(tar), -EINVAL);
        assert_non_null(strstr(err.text, "tries to leave the root"));
    }
}

static void an_absolute_name_stays_inside(void **state)
{
    const struct fx_entry tar[] = {{'f', "/etc/berth-test-file", "x", 0}, END};

    (void)state;
    assert_int_equal(unpack(tar), 0);
    assert_content("root/etc/berth-test-file", "x");
    assert_int_not_equal(access("/etc/berth-test-file", F_OK), 0);
}

static void a_file_through_a_link_that_leads_out_stays_inside(void **state)
{
    const struct fx_entry relative[] = {
        {'l', "a", "../outside", 0}, {'f', "a/x", "evil", 0}, END};
    cleanup(freep) char *absolute_target = xstrdup(fx_path(dir, "outside"));
    const struct fx_entry absolute[] = {
        {'l', "b", absolute_target, 0}, {'f', "b/x", "evil", 0}, END};
    const struct fx_entry onto[] = {{'l', "c", "/etc/berth-test-file", 0},
                                    {'f', "c", "fine", 0},
                                    {'l', "d", "/proc/self/cwd", 0},
                                    {'f', "d/x", "evil", 0},
                                    END};

    (void)state;
    assert_true(unpack(relative) < 0);
    assert_true(unpack(absolute) < 0);
    assert_true(unpack(onto) < 0);
    assert_content("root/c", "fine");
    assert_int_not_equal(access("/etc/berth-test-file", F_OK), 0);
}

static void a_file_through_a_link_inside_arrives(void **state)
{
    const struct fx_entry tar[] = {
        {'d', "usr/bin", NULL, 0}, {'l', "bin", "usr/bin", 0},  {'l', "abs", "/usr", 0},
        {'f', "bin/sh", "x", 0},   {'f', "abs/bin/ls", "y", 0}, END};

    (void)state;
    assert_int_equal(unpack(tar), 0);
    assert_content("root/usr/bin/sh", "x");
    assert_content("root/usr/bin/ls", "y");
}

static void hard_links_that_lead_out_are_refused(void **state)
{
    const struct fx_entry dots[] = {{'h', "x", "../outside/y", 0}, END};
    const struct fx_entry link[] = {
        {'l', "a", "/etc", 0}, {'h', "x", "a/passwd", 0}, END};
    const struct fx_entry absent[] = {{'h', "x", "/etc/passwd", 0}, END};

    (void)state;
    assert_int_equal(unpack(dots), -EINVAL);
    assert_non_null(strstr(err.text, "tries to leave the root"));
    assert_true(unpack(link) < 0);
    assert_true(unpack(absent) < 0);
    assert_string_equal(err.text,
                        "hard link 'x' names 'etc/passwd', which this layer does "
                        "not have: No such file or directory");
}

static void paths_without_measure_are_refused(void **state)
{
    char deep[1024], longer[400];
    const struct fx_entry a[] = {{'f', deep, "x", 0}, END};
    const struct fx_entry b[] = {{'f', longer, "x", 0}, END};

    (void)state;
    for (size_t i = 0; i < sizeof(deep); i++)
        deep[i] = i % 2 ? '/' : 'd';
    deep[sizeof(deep) - 1] = '\0';
    memset(longer, 'n', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(unpack(a), -EINVAL);
    assert_int_equal(unpack(b), -EINVAL);
}

static void what_is_no_tar_is_said_to_be_none(void **state)
{
    struct archive *a = archive_read_new();
    static const char junk[2048] = "this is no tar";
    int r;

    (void)state;
    (void)archive_read_support_format_tar(a);
    r = archive_read_open_memory(a, junk, sizeof(junk));
    if (r == ARCHIVE_OK)
        r = unpack_archive(a, fx_path(dir, "root"), &totals, &err);
    (void)archive_read_free(a);
    assert_true(r < 0);
}

static void whiteouts_become_overlayfs_s_own(void **state)
{
    const struct fx_entry tar[] = {{'d', "d", NULL, 0},
                                   {'f', "d/.wh.gone", "", 0},
                                   {'f', "e/.wh..wh..opq", "", 0},
                                   {'f', ".wh.both", "", 0},
                                   {'d', "both", NULL, 0},
                                   {'f', "kept", "x", 0},
                                   {'f', ".wh.kept", "", 0},
                                   {'f', ".wh..wh.plnk", "", 0},
                                   {'f', ".wh...", "", 0},
                                   END};
    struct stat st;
    char value[4];

    (void)state;
    assert_int_equal(unpack(tar), 0);
    st = stat_of("root/d/gone");
    assert_true(S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0));
    assert_int_equal(getxattr(fx_path(dir, "root/e"), "user.overlay.opaque", value, 4),
                     1);
    assert_int_equal(
        getxattr(fx_path(dir, "root/both"), "user.overlay.opaque", value, 4), 1);
    assert_content("root/kept", "x");
    assert_false(exists("root/e/.wh..wh..opq"));
    assert_false(exists("root/.wh.kept"));
}

/* In a child, so that the namespaces end with it: 0 when the overlay of upper
 * over lower shows what the images mean, 77 when there are no namespaces. */
static bool write_proc(const char *path, const char *text)
{
    cleanup(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

    return fd >= 0 && io_write_full(fd, text, strlen(text)) == 0;
}

static int look_at_overlay(void)
{
    cleanup(freep) char *options = NULL;
    cleanup(freep) char *map = xasprintf("0 %u 1", (unsigned int)getuid());

    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
        !write_proc("/proc/self/uid_map", map))
        return 77;
    options = xasprintf("lowerdir=%s/upper:%s/lower,userxattr", dir, dir);
    if (mount("overlay", fx_path(dir, "merged"), "overlay", 0, options) < 0)
        return 1;
    if (!exists("merged/stays") || exists("merged/gone") || exists("merged/dir/old"))
        return 2;
    if (!exists("merged/dir/new") || exists("merged/both/old") ||
        !exists("merged/both/new"))
        return 3;
    return 0;
}

static void an_overlay_of_layers_hides_what_was_removed(void **state)
{
    const struct fx_entry lower[] = {{'f', "stays", "x", 0},
                                     {'f', "gone", "x", 0},
                                     {'f', "dir/old", "x", 0},
                                     {'f', "both/old", "x", 0},
                                     END};
    const struct fx_entry upper[] = {
        {'f', ".wh.gone", "", 0},  {'f', "dir/.wh..wh..opq", "", 0},
        {'f', "dir/new", "x", 0},  {'f', ".wh.both", "", 0},
        {'f', "both/new", "x", 0}, END};
    int status;
    pid_t pid;

    (void)state;
    assert_int_equal(mkdir(fx_path(dir, "lower"), 0755), 0);
    assert_int_equal(mkdir(fx_path(dir, "upper"), 0755), 0);
    assert_int_equal(mkdir(fx_path(dir, "merged"), 0755), 0);
    assert_int_equal(unpack_to("lower", lower), 0);
    assert_int_equal(unpack_to("upper", upper), 0);
    pid = fork();
    if (pid == 0)
        _exit(look_at_overlay());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        print_message("skipped: this machine allows no user namespaces\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void clean_paths_have_no_odd_parts(void **state)
{
    static const char *const pairs[][2] = {
        {"./a//b/./c/", "a/b/c"}, {"/", ""},    {".", ""}, {"", ""},
        {"..a/b..", "..a/b.."},   {"///x", "x"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        cleanup(freep) char *clean = tree_clean_path(pairs[i][0]);

        assert_string_equal(clean, pairs[i][1]);
    }
    assert_null(tree_clean_path("a/.."));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_links_and_directories_come_out_as_they_were),
        TEST(names_that_are_not_ascii_survive),
        TEST(setid_bits_are_dropped_and_owners_can_read),
        TEST(attributes_that_are_no_right_are_kept),
        TEST(holes_stay_holes),
        TEST(long_names_survive),
        TEST(devices_and_pipes_are_skipped_and_counted),
        TEST(a_later_entry_replaces_an_earlier_one),
        TEST(dots_that_lead_out_are_refused),
        TEST(an_absolute_name_stays_inside),
        TEST(a_file_through_a_link_that_leads_out_stays_inside),
        TEST(a_file_through_a_link_inside_arrives),
        TEST(hard_links_that_lead_out_are_refused),
        TEST(paths_without_measure_are_refused),
        TEST(what_is_no_tar_is_said_to_be_none),
        TEST(whiteouts_become_overlayfs_s_own),
        TEST(an_overlay_of_layers_hides_what_was_removed),
        TEST(clean_paths_have_no_odd_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
