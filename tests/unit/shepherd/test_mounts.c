/* SPDX-License-Identifier: Apache-2.0
 *
 * test_mounts.c - which directories of the node a container gets
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strv.h"
#include "shepherd/mounts.h"

/* Targets of all mounts in their order, with '=' and the source where it differs. */
static char *words_of(const struct mounts *mounts)
{
    cleanup(strv_freep) char **words = NULL;

    for (size_t i = 0; i < mounts->n; i++) {
        const struct bind_mount *m = &mounts->v[i];

        strv_take(&words, xasprintf("%s%s%s%s", m->target,
                                    strcmp(m->source, m->target) ? "=" : "",
                                    strcmp(m->source, m->target) ? m->source : "",
                                    m->readonly ? ":ro" : ""));
    }
    return strv_join(words, " ");
}

static Berth__ContainerSpec spec;

static void assert_mounts(const char *home, const char *job_dir, const char *cwd,
                          const char *expected)
{
    struct mount_sources from = {
        .tools = "/opt/tools", .home = home, .job_dir = job_dir, .cwd = cwd};
    struct mounts mounts = {0};
    cleanup(freep) char *words = NULL;

    mounts_of_image(&from, &spec, &mounts);
    mounts_of_job(&spec, &mounts);
    words = words_of(&mounts);
    mounts_fini(&mounts);
    assert_string_equal(words, expected);
}

#define TOOLS "/run/berth/bin=/opt/tools:ro"

static int setup(void **state)
{
    (void)state;
    berth__container_spec__init(&spec);
    return 0;
}

static void home_and_job_are_seen_at_their_own_paths(void **state)
{
    (void)state;
    assert_mounts("/home/ada", "/run/job", "/home/ada/work",
                  TOOLS " /home/ada /run/job");
}

static void a_working_directory_elsewhere_is_seen_too(void **state)
{
    (void)state;
    assert_mounts("/home/ada", "/run/job", "/scratch/ada",
                  TOOLS " /home/ada /run/job /scratch/ada");
    /* Only what is below the home belongs to it. */
    assert_mounts("/home/ada", "/run/job", "/home/ada2",
                  TOOLS " /home/ada /run/job /home/ada2");
}

static void a_working_directory_never_hides_the_images_system(void **state)
{
    static const char *const paths[] = {"/",       "/usr",   "/usr/local/src",
                                        "/etc",    "/tmp",   "/lib64/x",
                                        "/proc/1", "/run/x", "/opt/a"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        assert_mounts("/home/ada", "/run/job", paths[i], TOOLS " /home/ada /run/job");
    assert_mounts("/home/ada", "/run/job", "relative", TOOLS " /home/ada /run/job");
    /* But names that only begin alike, and what is below /tmp, are nobody's. */
    assert_mounts("/home/ada", "/run/job", "/usrdata",
                  TOOLS " /home/ada /run/job /usrdata");
    assert_mounts("/home/ada", "/run/job", "/tmp/x",
                  TOOLS " /home/ada /run/job /tmp/x");
}

static void without_a_home_what_was_in_it_is_seen_by_itself(void **state)
{
    (void)state;
    spec.no_home = true;
    assert_mounts("/home/ada", "/home/ada/.berth/job", "/home/ada/work",
                  TOOLS " /home/ada/.berth/job /home/ada/work");
}

static void a_job_directory_in_the_home_is_not_mounted_twice(void **state)
{
    (void)state;
    assert_mounts("/home/ada", "/home/ada/.berth/job", "/home/ada", TOOLS " /home/ada");
}

static void the_root_is_nobodys_home(void **state)
{
    (void)state;
    assert_mounts("/", "/run/job", "/data", TOOLS " /run/job /data");
}

static char other_home[] = "/lustre/ada", data[] = "/data", inside[] = "/mnt";

static void what_the_job_says_counts_and_comes_last(void **state)
{
    Berth__Mount mount = BERTH__MOUNT__INIT;
    Berth__Mount *mounts[] = {&mount};

    (void)state;
    mount.source = data;
    mount.target = inside;
    mount.readonly = true;
    spec.home = other_home;
    spec.mounts = mounts;
    spec.n_mounts = 1;
    assert_mounts("/home/ada", "/run/job", "/lustre/ada/work",
                  TOOLS " /lustre/ada /run/job /mnt=/data:ro");
}

static void the_jobs_nodes_are_hosts_where_nobody_knows_them(void **state)
{
    char n1[] = "n1", n2[] = "n2", number[] = "10.1.0.1", name[] = "n2.example";
    Berth__NodeShare one = BERTH__NODE_SHARE__INIT, two = BERTH__NODE_SHARE__INIT;
    Berth__NodeShare *shares[] = {&one, &two};
    Berth__Placement placement = BERTH__PLACEMENT__INIT;
    char *text;

    (void)state;
    one.node = n1;
    one.address = number;
    two.node = n2;
    two.address = name;
    placement.shares = shares;
    placement.n_shares = 2;
    text = mounts_hosts("127.0.0.1 localhost n11", NULL, 0, &placement);
    assert_string_equal(text, "127.0.0.1 localhost n11\n10.1.0.1 n1\n");
    free(text);
    assert_null(mounts_hosts("10.2.0.1\tn0 n1 # here\n", NULL, 0, &placement));
    assert_null(mounts_hosts("10.2.0.1 n1", NULL, 0, &placement));
}

static void helper_pods_are_hosts_before_all_others(void **state)
{
    const Berth__Placement placement = BERTH__PLACEMENT__INIT;
    char *const pods[] = {(char[]){"10.88.1.7 db db-17"},
                          (char[]){"10.88.1.8 web web-17"}};
    char *text = mounts_hosts("192.0.2.1 db", pods, 2, &placement);

    (void)state;
    assert_string_equal(text,
                        "10.88.1.7 db db-17\n10.88.1.8 web web-17\n192.0.2.1 db\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(home_and_job_are_seen_at_their_own_paths, setup),
        cmocka_unit_test_setup(a_working_directory_elsewhere_is_seen_too, setup),
        cmocka_unit_test_setup(a_working_directory_never_hides_the_images_system,
                               setup),
        cmocka_unit_test_setup(without_a_home_what_was_in_it_is_seen_by_itself, setup),
        cmocka_unit_test_setup(a_job_directory_in_the_home_is_not_mounted_twice, setup),
        cmocka_unit_test_setup(the_root_is_nobodys_home, setup),
        cmocka_unit_test_setup(what_the_job_says_counts_and_comes_last, setup),
        cmocka_unit_test(helper_pods_are_hosts_before_all_others),
        cmocka_unit_test(the_jobs_nodes_are_hosts_where_nobody_knows_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
