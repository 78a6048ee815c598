/* SPDX-License-Identifier: Apache-2.0
 *
 * test_mounts.c - --mount: where it lands, what it refuses, that it cannot escape
 */
#include "fixture.h"

#include "base/io.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define with(name, spec) \
    cleanup(container_destroyp) struct container *name = start(spec)

static struct container_spec spec_with(const struct bind_mount *mounts, size_t n)
{
    struct container_spec spec = fixture()->spec;

    spec.mounts = mounts;
    spec.n_mounts = n;
    return spec;
}

static void a_directory_of_the_node_appears_and_takes_writes(void **state)
{
    struct bind_mount m = {.source = fixture()->outside, .target = "/data"};
    struct container_spec spec = spec_with(&m, 1);
    cleanup(freep) char *file = xasprintf("%s/new", fixture()->outside);
    with(c, &spec);

    (void)state;
    assert_string_equal(probe(c, A("cat"), A("/data/file")), "outside");
    assert_string_equal(probe(c, A("write"), A("/data/new"), A("x")), "ok");
    assert_int_equal(unlink(file), 0);
}

static void missing_targets_are_made_inside(void **state)
{
    cleanup(freep) char *file = xasprintf("%s/file", fixture()->outside);
    struct bind_mount m[] = {
        {.source = fixture()->outside, .target = "/home/alice"},
        {.source = fixture()->outside, .target = "/run/berth/deep"},
        {.source = fixture()->outside, .target = "/a/new/place/"},
        {.source = file, .target = "/etc/one.conf"},
        {.source = file, .target = "/run/one.sock"},
    };
    struct container_spec spec = spec_with(m, ARRAY_SIZE(m));
    with(c, &spec);

    (void)state;
    assert_string_equal(probe(c, A("cat"), A("/home/alice/file")), "outside");
    assert_string_equal(probe(c, A("cat"), A("/run/berth/deep/file")), "outside");
    assert_string_equal(probe(c, A("cat"), A("/a/new/place/file")), "outside");
    assert_string_equal(probe(c, A("cat"), A("/etc/one.conf")), "outside");
    assert_string_equal(probe(c, A("cat"), A("/run/one.sock")), "outside");
    assert_string_equal(probe(c, A("cat"), A("/data/both")), "top");
}

static void a_tmpfs_is_empty_bounded_and_its_own(void **state)
{
    struct bind_mount m[] = {{.target = "/data", .bytes = 1 << 20},
                             {.target = "/new/place"}};
    struct container_spec spec = spec_with(m, ARRAY_SIZE(m));
    with(c, &spec);

    (void)state;
    assert_string_equal(probe(c, A("list"), A("/data")), "");
    assert_string_equal(probe(c, A("stat"), A("/data")), "41777");
    assert_string_equal(probe(c, A("write"), A("/data/x"), A("x")), "ok");
    assert_string_equal(probe(c, A("write"), A("/new/place/x"), A("x")), "ok");
    assert_non_null(strstr(probe(c, A("cat"), A("/proc/self/mounts")),
                           " /data tmpfs rw,nosuid,nodev,relatime,size=1024k"));
    assert_non_null(strstr(probe(c, A("mkdir"), A("/sys/x")), "Read-only"));
}

static void a_tmpfs_needs_a_directory(void **state)
{
    struct bind_mount m = {.target = "/data/both"};
    struct container_spec spec = spec_with(&m, 1);

    (void)state;
    assert_string_equal(start_refused(&spec),
                        "--tmpfs: /data/both inside is not a directory");
}

static void a_read_only_mount_is_read_only(void **state)
{
    struct bind_mount m = {
        .source = fixture()->outside, .target = "/data", .readonly = true};
    struct container_spec spec = spec_with(&m, 1);
    with(c, &spec);

    (void)state;
    assert_string_equal(probe(c, A("write"), A("/data/new"), A("x")),
                        "/data/new: Read-only file system");
}

static void a_link_of_the_image_leads_inside_the_image(void **state)
{
    struct bind_mount m = {.source = fixture()->outside, .target = "/link"};
    struct container_spec spec = spec_with(&m, 1);
    with(c, &spec);

    (void)state;
    assert_string_equal(probe(c, A("cat"), A("/data/file")), "outside");
}

static size_t count_entries(const char *path)
{
    DIR *dir = opendir(path);
    size_t n = 0;

    while (dir && readdir(dir))
        n++;
    (void)closedir(dir);
    return n;
}

static void a_link_of_the_image_cannot_lead_to_the_node(void **state)
{
    const char *name = strrchr(fixture()->outside, '-') + 1;
    cleanup(freep) char *target = xasprintf("/%s/made", name);
    struct bind_mount m = {.source = fixture()->outside, .target = target};
    struct container_spec spec = spec_with(&m, 1);
    size_t before = count_entries(fixture()->outside);

    (void)state;
    assert_non_null(strstr(start_refused(&spec), target));
    assert_int_equal(count_entries(fixture()->outside), before);
}

static void a_link_through_proc_is_refused(void **state)
{
    struct bind_mount m = {.source = fixture()->outside, .target = "/proc-link/tmp"};
    struct container_spec spec = spec_with(&m, 1);

    (void)state;
    assert_non_null(strstr(start_refused(&spec), "/proc-link/tmp"));
}

static void nothing_is_made_in_a_directory_of_the_node(void **state)
{
    struct bind_mount m[] = {{.source = fixture()->outside, .target = "/data"},
                             {.source = fixture()->outside, .target = "/data/made"}};
    struct container_spec spec = spec_with(m, 2);
    size_t before = count_entries(fixture()->outside);

    (void)state;
    assert_non_null(strstr(start_refused(&spec),
                           "/data/made does not exist inside, and cannot be made"));
    assert_int_equal(count_entries(fixture()->outside), before);
    spec.n_layers = 0;
    m[0].target = "/no-such-directory";
    assert_non_null(strstr(start_refused(&spec), "/no-such-directory does not exist"));
}

static void a_missing_source_is_named_with_its_node(void **state)
{
    struct bind_mount m = {.source = "/no/data", .target = "/data"};
    struct container_spec spec = spec_with(&m, 1);
    char node[256], words[512];

    (void)state;
    assert_int_equal(gethostname(node, sizeof(node)), 0);
    (void)snprintf(words, sizeof(words),
                   "--mount: /no/data on node %s: no such directory or file", node);
    assert_string_equal(start_refused(&spec), words);
}

static void the_container_holds_no_copy_of_itself(void **state)
{
    cleanup(freep) char *above = xstrdup(fixture()->work);
    struct bind_mount m = {.source = above, .target = "/data"};
    struct container_spec spec = spec_with(&m, 1);
    const char *mounts;

    (void)state;
    *strrchr(above, '/') = 0;
    with(c, &spec);
    mounts = probe(c, A("cat"), A("/proc/self/mounts"));
    assert_non_null(strstr(mounts, " /data "));
    assert_null(strstr(mounts, "/data/work"));
}

static void an_optional_source_may_be_missing(void **state)
{
    struct bind_mount m = {.source = "/no/data", .target = "/data", .optional = true};
    struct container_spec spec = spec_with(&m, 1);
    with(c, &spec);

    (void)state;
    assert_string_equal(probe(c, A("cat"), A("/data/both")), "top");
}

static void a_file_system_that_is_never_swapped_is_a_ramfs(void **state)
{
    struct bind_mount m = {.target = "/data", .never_swapped = true, .bytes = 4096};
    struct container_spec spec = spec_with(&m, 1);
    with(c, &spec);

    (void)state;
    assert_string_equal(probe(c, A("write"), A("/data/x"), A("x")), "ok");
    assert_non_null(strstr(probe(c, A("cat"), A("/proc/self/mounts")),
                           " /data ramfs rw,nosuid,nodev,relatime"));
}

/* Below the fixture's outside: in/file, in/good -> file, in/out -> .. */
static char *make_volume(void)
{
    char *dir = xasprintf("%s/in", fixture()->outside);
    cleanup(freep) char *file = xasprintf("%s/file", dir);
    cleanup(freep) char *good = xasprintf("%s/good", dir);
    cleanup(freep) char *bad = xasprintf("%s/out", dir);

    assert_int_equal(io_mkdir_p(dir, 0755, NULL), 0);
    assert_int_equal(io_write_file_atomic(file, "inside", 6, 0644, NULL), 0);
    assert_int_equal(symlink("file", good), 0);
    assert_int_equal(symlink("../file", bad), 0);
    return dir;
}

static void a_path_within_a_volume_has_links_that_stay_there(void **state)
{
    cleanup(freep) char *dir = make_volume();
    struct bind_mount m = {.source = dir, .within = "good", .target = "/new/file"};
    struct container_spec spec = spec_with(&m, 1);

    (void)state;
    {
        with(c, &spec);
        assert_string_equal(probe(c, A("cat"), A("/new/file")), "inside");
    }
    m.within = "out";
    assert_non_null(strstr(start_refused(&spec), "a link in 'out' leads out of it"));
    m.within = "../file";
    assert_non_null(strstr(start_refused(&spec), "leads out of it"));
    m.within = "none";
    assert_non_null(strstr(start_refused(&spec), "--mount: none: No such file"));
    assert_int_equal(io_remove_tree(dir, NULL), 0);
}

static void no_part_of_a_volume_itself_may_be_a_link(void **state)
{
    cleanup(freep) char *dir = make_volume();
    cleanup(freep) char *link = xasprintf("%s/link", fixture()->outside);
    cleanup(freep) char *file = xasprintf("%s/file", link);
    struct bind_mount m = {.source = link, .within = "", .target = "/data"};
    struct container_spec spec = spec_with(&m, 1);

    (void)state;
    assert_int_equal(symlink("in", link), 0);
    assert_non_null(strstr(start_refused(&spec), "Too many levels of symbolic links"));
    m.source = file;
    m.target = "/new/file";
    assert_non_null(strstr(start_refused(&spec), "Too many levels of symbolic links"));
    assert_int_equal(unlink(link), 0);
    assert_int_equal(io_remove_tree(dir, NULL), 0);
}

static void a_file_does_not_go_over_a_directory(void **state)
{
    cleanup(freep) char *file = xasprintf("%s/file", fixture()->outside);
    struct bind_mount m = {.source = file, .target = "/data"};
    struct container_spec spec = spec_with(&m, 1);

    (void)state;
    assert_non_null(strstr(start_refused(&spec), "/data inside is a directory"));
    m = (struct bind_mount){.source = fixture()->outside, .target = "/bin/probe"};
    assert_non_null(
        strstr(start_refused(&spec), "/bin/probe inside is not a directory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_of_the_node_appears_and_takes_writes),
        cmocka_unit_test(missing_targets_are_made_inside),
        cmocka_unit_test(a_tmpfs_is_empty_bounded_and_its_own),
        cmocka_unit_test(a_tmpfs_needs_a_directory),
        cmocka_unit_test(a_read_only_mount_is_read_only),
        cmocka_unit_test(a_link_of_the_image_leads_inside_the_image),
        cmocka_unit_test(a_link_of_the_image_cannot_lead_to_the_node),
        cmocka_unit_test(a_link_through_proc_is_refused),
        cmocka_unit_test(nothing_is_made_in_a_directory_of_the_node),
        cmocka_unit_test(a_missing_source_is_named_with_its_node),
        cmocka_unit_test(the_container_holds_no_copy_of_itself),
        cmocka_unit_test(an_optional_source_may_be_missing),
        cmocka_unit_test(a_file_system_that_is_never_swapped_is_a_ramfs),
        cmocka_unit_test(a_path_within_a_volume_has_links_that_stay_there),
        cmocka_unit_test(no_part_of_a_volume_itself_may_be_a_link),
        cmocka_unit_test(a_file_does_not_go_over_a_directory),
    };

    return run_as_each("mounts", tests, ARRAY_SIZE(tests));
}
