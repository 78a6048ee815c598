/* SPDX-License-Identifier: Apache-2.0
 *
 * test_host_path.c - what the site shows, and who tries to get at the rest
 */
#include "volume_test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "volume/host_path.h"

/* base/shown/{file,sub,out -> ../kept,in -> sub}, base/kept/file, base/u-alice,
 * base/site -> shown */
static char base[] = "/tmp/test_host_path.XXXXXX";

static char *at(const char *path)
{
    return xasprintf("%s/%s", base, path);
}

static void make(const char *path, const char *link)
{
    cleanup(freep) char *whole = at(path);

    if (link)
        assert_int_equal(symlink(link, whole), 0);
    else
        assert_int_equal(io_mkdir_p(whole, 0755, NULL), 0);
}

static int make_tree(void **state)
{
    char *real;

    (void)state;
    assert_non_null(mkdtemp(base));
    real = realpath(base, NULL);
    assert_string_equal(real, base);
    free(real);
    make("shown/sub", NULL);
    make("kept/file", NULL);
    make("u-alice", NULL);
    make("shown/out", "../kept");
    make("shown/in", "sub");
    make("site", "shown");
    return 0;
}

static int remove_tree(void **state)
{
    (void)state;
    return io_remove_tree(base, NULL);
}

static void host_rules_freep(struct host_rules **rules)
{
    host_rules_free(*rules);
}

/* "PATH[ rw]" below base, or words in which base is BASE. */
static char *find(const char *rules_text, const char *path, enum mf_host_path type)
{
    cleanup(host_rules_freep) struct host_rules *rules = NULL;
    cleanup(freep) char *whole = at(path);
    struct host_place place;
    struct err err = {0};
    char *text, *mark;

    if (host_rules_parse(rules_text, NULL, "alice", &rules, &err))
        fail_msg("%s", err.text);
    if (host_path_find(rules, whole, type, &place, &err))
        return xstrdup(err.text);
    assert_memory_equal(place.path, base, strlen(base));
    mark = place.path + strlen(base) + 1;
    text = xasprintf("%s%s", mark, place.is_writable ? " rw" : "");
    free(place.path);
    return text;
}

static void expect(const char *rules, const char *path, enum mf_host_path type,
                   const char *expected)
{
    cleanup(freep) char *whole = at(rules);
    cleanup(freep) char *text = find(whole, path, type);

    if (!strstr(text, expected))
        fail_msg("'%s' is not in '%s'", expected, text);
}

static void what_is_allowed_and_below_is_found(void **state)
{
    (void)state;
    expect("shown", "shown", MF_PATH_ANY, "shown");
    expect("shown/", "shown/sub/", MF_PATH_DIR, "shown/sub");
    expect("shown:rw", "shown/sub", MF_PATH_ANY, "shown/sub rw");
    expect("shown:ro", "shown/in", MF_PATH_ANY, "shown/sub");
    expect("*", "kept/file", MF_PATH_ANY, "kept/file");
    expect("u-%u:rw", "u-alice", MF_PATH_ANY, "u-alice rw");
    expect("s[gh]own/s?b", "shown/sub", MF_PATH_ANY, "shown/sub");
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    expect("shown", "kept", MF_PATH_ANY, "kept to pods (pods.host_paths: ");
    expect("shown/sub", "shown", MF_PATH_ANY, "this site does not show");
    expect("show", "shown", MF_PATH_ANY, "this site does not show");
    expect("u-%u", "shown", MF_PATH_ANY, "this site does not show");
    expect("shown/*", "shown", MF_PATH_ANY, "this site does not show");
    expect("shown", "shown/../kept", MF_PATH_ANY, "this site does not show");
    expect("shown", "shown/none", MF_PATH_ANY, "No such file or directory");
}

static void a_link_that_leaves_is_refused(void **state)
{
    (void)state;
    expect("shown", "shown/out", MF_PATH_ANY, "/kept, which this site does not show");
    expect("shown", "shown/out/file", MF_PATH_ANY, "leads to");
    expect("s*", "shown/out", MF_PATH_ANY, "leads to");
}

static void a_link_of_the_site_is_followed_in_its_rule(void **state)
{
    (void)state;
    expect("site", "site/sub", MF_PATH_ANY, "shown/sub");
    expect("site", "shown/sub", MF_PATH_ANY, "shown/sub");
    expect("site", "site/out", MF_PATH_ANY, "leads to");
}

static void no_rules_show_nothing(void **state)
{
    cleanup(freep) char *text = find("", "shown", MF_PATH_ANY);

    (void)state;
    assert_non_null(strstr(text, "(pods.host_paths: nothing)"));
}

static void a_path_through_proc_is_refused(void **state)
{
    cleanup(host_rules_freep) struct host_rules *rules = NULL;
    struct host_place place;
    struct err err = {0};

    (void)state;
    assert_int_equal(host_rules_parse("/", NULL, "alice", &rules, &err), 0);
    assert_int_equal(host_path_find(rules, "/proc/self/cwd", MF_PATH_ANY, &place, &err),
                     -ELOOP);
    assert_int_equal(
        host_path_find(rules, "/proc/self/root/tmp", MF_PATH_ANY, &place, &err),
        -ELOOP);
}

static void types_are_held_against_what_is_there(void **state)
{
    (void)state;
    expect("shown", "shown", MF_PATH_FILE, "is no file");
    expect("shown", "shown", MF_PATH_SOCKET, "is no socket");
    expect("shown", "shown", MF_PATH_CHAR_DEVICE, "is no character device");
    expect("shown", "shown", MF_PATH_BLOCK_DEVICE, "is no block device");
    expect("shown", "shown", MF_PATH_MAKE_FILE, "is no file");
    expect("shown:rw", "shown/sub", MF_PATH_MAKE_DIR, "shown/sub rw");
}

static void what_is_missing_is_made_where_pods_may_write(void **state)
{
    struct stat st;
    cleanup(freep) char *made = at("shown/a/b");
    cleanup(freep) char *file = at("shown/a/f");
    cleanup(freep) char *bad = at("kept/new");

    (void)state;
    expect("shown", "shown/a/b", MF_PATH_MAKE_DIR, "pods may not write there");
    expect("shown:rw", "shown/a/b", MF_PATH_MAKE_DIR, "shown/a/b rw");
    assert_int_equal(stat(made, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    expect("shown:rw", "shown/a/f", MF_PATH_MAKE_FILE, "shown/a/f rw");
    assert_int_equal(stat(file, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    expect("shown:rw", "shown/out/new", MF_PATH_MAKE_DIR, "leads to");
    expect("shown:rw", "kept/new", MF_PATH_MAKE_DIR, "this site does not show");
    expect("shown:rw", "shown/x/../../kept/new", MF_PATH_MAKE_DIR, "no plain name");
    assert_int_equal(stat(bad, &st), -1);
}

/* ---------------------------------------------------------------------- nfs */

static char *find_nfs(const char *rules_text, const char *server, const char *path)
{
    cleanup(host_rules_freep) struct host_rules *rules = NULL;
    cleanup(freep) char *server_copy = xstrdup(server);
    cleanup(freep) char *path_copy = xstrdup(path);
    struct mf_nfs nfs = {.server = server_copy, .path = path_copy};
    struct host_place place;
    struct err err = {0};
    char *text;

    if (host_rules_parse(NULL, rules_text, "alice", &rules, &err) ||
        host_nfs_find(rules, &nfs, &place, &err))
        return xstrdup(err.text);
    text = xasprintf("%s%s", place.path, place.is_writable ? " rw" : "");
    free(place.path);
    return text;
}

#define expect_nfs(rules, server, path, expected)                   \
    do {                                                            \
        cleanup(freep) char *text_ = find_nfs(rules, server, path); \
        assert_string_equal(text_, expected);                       \
    } while (0)

/* /proc stands for what is mounted: it is, everywhere. */
static void a_directory_of_a_server_is_where_it_is_mounted(void **state)
{
    (void)state;
    expect_nfs("filer:/export=/proc", "filer", "/export", "/proc");
    expect_nfs("filer:/export=/proc:rw", "filer", "/export/sys/", "/proc/sys rw");
    expect_nfs("filer:/=/,filer:/export=/proc", "filer", "/export/sys", "/proc/sys");
    expect_nfs("filer:/export=/proc", "other", "/export",
               "nodes of this site do not have other:/export mounted for pods "
               "(pods.nfs_mounts)");
    expect_nfs("filer:/export=/proc", "filer", "/exports",
               "nodes of this site do not have filer:/exports mounted for pods "
               "(pods.nfs_mounts)");
    expect_nfs("filer:/export=/proc", "filer", "/export/../etc",
               "filer:/export/../etc: Invalid cross-device link");
    expect_nfs("filer:/export", "filer", "/export",
               "pods.nfs_mounts: 'filer:/export' is not SERVER:/PATH=/DIR");
}

static void a_directory_that_is_not_mounted_is_not_taken_for_it(void **state)
{
    cleanup(freep) char *rule = xasprintf("filer:/export=%s/shown", base);
    cleanup(freep) char *words =
        xasprintf("filer:/export is not mounted at %s/shown on this node", base);

    (void)state;
    expect_nfs(rule, "filer", "/export", words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_allowed_and_below_is_found),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(a_link_that_leaves_is_refused),
        cmocka_unit_test(a_link_of_the_site_is_followed_in_its_rule),
        cmocka_unit_test(no_rules_show_nothing),
        cmocka_unit_test(a_path_through_proc_is_refused),
        cmocka_unit_test(types_are_held_against_what_is_there),
        cmocka_unit_test(what_is_missing_is_made_where_pods_may_write),
        cmocka_unit_test(a_directory_of_a_server_is_where_it_is_mounted),
        cmocka_unit_test(a_directory_that_is_not_mounted_is_not_taken_for_it),
    };

    return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
