/* SPDX-License-Identifier: Apache-2.0
 *
 * test_files.c - the files of a cluster
 */
#include "cluster/cluster.h"

#include "base/io.h"
#include "base/mem.h"
#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char top[] = "/tmp/berth-test-cluster-XXXXXX";

static int make_top(void **state)
{
    (void)state;
    return mkdtemp(top) && setenv("HOME", top, 1) == 0 ? 0 : -1;
}

static int remove_top(void **state)
{
    (void)state;
    return io_remove_tree(top, NULL);
}

static struct cluster *sample(const char *name, uid_t uid)
{
    cleanup(freep) char *dir = xasprintf("%s/berth/%s", top, name);
    cleanup(freep) char *data = xasprintf("%s/berth/cluster/%s", top, name);
    struct cluster *c = cluster_create(name, dir, data, 3);

    c->images = xasprintf("%s/images", data);
    c->own_images = true;
    c->uid = uid;
    c->port = 7817;
    assert_int_equal(cluster_choose_subnet(c, NULL, NULL), 0);
    assert_int_equal(io_mkdir_p(dir, 0755, NULL), 0);
    assert_int_equal(cluster_save(c, NULL), 0);
    return c;
}

static struct config *made_config(const struct cluster *c, const char *topology,
                                  uint64_t memory)
{
    struct cluster_hardware real = {topology, memory};
    struct cluster_hardware fake = {"synthetic:core:64 pu:1", 2048};
    cleanup(freep) char *path = cluster_path(c, "berth.yaml");
    struct config *config = NULL;
    struct err err;

    assert_int_equal(cluster_make_files(c, &real, &fake, &err), 0);
    if (config_load(path, &config, &err) < 0)
        fail_msg("%s", err.text);
    return config;
}

static void the_configuration_says_where_all_is(void **state)
{
    cleanup(cluster_destroyp) struct cluster *c = sample("one", 4711);
    cleanup(config_freep) struct config *config =
        made_config(c, "synthetic:core:4 pu:1", 512);
    cleanup(freep) char *join = cluster_path(c, "join.pid");

    (void)state;
    assert_string_equal(config->cluster, "one");
    assert_string_equal(config->controller.host, c->address);
    assert_int_equal(config->controller.port, 7817);
    assert_string_equal(config->controller.user, "4711");
    assert_string_equal(config->image.store, c->images);
    assert_string_equal(config->join_pid_file, join);
    assert_int_equal(config->n_nodes, 3);
    assert_string_equal(config->nodes[2].name, "n3");
    assert_string_equal(config->nodes[2].address, c->nodes[2].address);
    assert_string_equal(config->nodes[2].topology, "synthetic:core:4 pu:1");
    assert_int_equal(config->nodes[2].memory, 512);
    assert_string_equal(config->partitions[0].name, "batch");
    assert_true(config->partitions[0].is_default);
}

static void roots_cluster_is_joined_by_nobody(void **state)
{
    cleanup(cluster_destroyp) struct cluster *c = sample("two", 0);
    cleanup(config_freep) struct config *config = made_config(c, NULL, 0);

    (void)state;
    assert_null(config->join_pid_file);
    assert_string_equal(config->controller.user, "root");
    assert_null(config->nodes[0].topology);
    assert_int_equal(config->nodes[0].memory, 0);
}

static void fake_nodes_have_a_partition_of_their_own(void **state)
{
    cleanup(cluster_destroyp) struct cluster *c = sample("fakes", 4711);
    cleanup(config_freep) struct config *config = NULL;
    cleanup(freep) char *names = NULL;

    (void)state;
    c->n_fake = 1200;
    config = made_config(c, NULL, 512);
    names = cluster_fake_names(c);
    assert_string_equal(names, "f[0001-1200]");
    assert_int_equal(config->n_nodes, 1203);
    assert_string_equal(config->nodes[3].name, "f0001");
    assert_string_equal(config->nodes[1202].name, "f1200");
    assert_string_equal(config->nodes[3].topology, "synthetic:core:64 pu:1");
    assert_int_equal(config->nodes[3].memory, 2048);
    assert_null(config->nodes[0].topology);
    assert_int_equal(config->n_partitions, 2);
    assert_string_equal(config->partitions[0].nodes, "n[1-3]");
    assert_true(config->partitions[0].is_default);
    assert_string_equal(config->partitions[1].name, "fake");
    assert_string_equal(config->partitions[1].nodes, "f[0001-1200]");
    assert_false(config->partitions[1].is_default);
}

static void a_cluster_of_fake_nodes_alone_has_one_partition(void **state)
{
    cleanup(cluster_destroyp) struct cluster *c = sample("nothing-real", 4711);
    cleanup(config_freep) struct config *config = NULL;

    (void)state;
    c->n_fake = 7;
    c->n_nodes = 0;
    config = made_config(c, NULL, 0);
    assert_int_equal(config->n_nodes, 7);
    assert_string_equal(config->nodes[6].name, "f7");
    assert_int_equal(config->n_partitions, 1);
    assert_true(config->partitions[0].is_default);
}

static void the_munge_key_is_secret(void **state)
{
    cleanup(cluster_destroyp) struct cluster *c = sample("three", 4711);
    cleanup(config_freep) struct config *config = made_config(c, NULL, 0);
    cleanup(freep) char *path = cluster_path(c, "munge/key");
    struct stat st;

    (void)state;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(st.st_size >= 32);
}

static void removing_leaves_nothing_but_wanted_images(void **state)
{
    cleanup(cluster_destroyp) struct cluster *c = sample("four", 4711);
    cleanup(config_freep) struct config *config = made_config(c, NULL, 0);
    cleanup(freep) char *image = xasprintf("%s/layer", c->images);

    (void)state;
    assert_int_equal(io_write_file_atomic(image, "x", 1, 0600, NULL), 0);
    assert_int_equal(cluster_remove_files(c, true, NULL), 0);
    assert_int_equal(access(c->dir, F_OK), -1);
    assert_int_equal(access(image, F_OK), 0);
    assert_int_equal(cluster_remove_files(c, false, NULL), 0);
    assert_int_equal(access(c->data, F_OK), -1);
}

static void the_pointer_follows_the_cluster(void **state)
{
    cleanup(cluster_destroyp) struct cluster *c = sample("five", 4711);
    cleanup(config_freep) struct config *config = made_config(c, NULL, 0);
    cleanup(freep) char *pointer = xasprintf("%s/.local/state/berth/current.yaml", top);
    char target[512] = "";

    (void)state;
    assert_int_equal(cluster_point_here(c, NULL), 0);
    assert_int_equal(cluster_point_here(c, NULL), 0);
    assert_true(readlink(pointer, target, sizeof(target) - 1) > 0);
    assert_string_equal(target, config->path);
    assert_int_equal(cluster_remove_files(c, false, NULL), 0);
    assert_int_equal(readlink(pointer, target, sizeof(target)), -1);
}

static void the_configuration_in_the_environment_names_the_cluster(void **state)
{
    cleanup(cluster_destroyp) struct cluster *c = sample("six", 4711);
    cleanup(freep) char *conf = cluster_path(c, "berth.yaml");
    cleanup(freep) char *found = NULL, *elsewhere = NULL;

    (void)state;
    assert_int_equal(setenv("BERTH_CONF", conf, 1), 0);
    found = cluster_current_dir();
    assert_string_equal(found, c->dir);
    assert_int_equal(setenv("BERTH_CONF", "/nonexistent/berth.yaml", 1), 0);
    elsewhere = cluster_current_dir();
    assert_true(!elsewhere || strcmp(elsewhere, "/nonexistent") != 0);
    assert_int_equal(unsetenv("BERTH_CONF"), 0);
    assert_int_equal(cluster_remove_files(c, false, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_configuration_says_where_all_is),
        cmocka_unit_test(roots_cluster_is_joined_by_nobody),
        cmocka_unit_test(fake_nodes_have_a_partition_of_their_own),
        cmocka_unit_test(a_cluster_of_fake_nodes_alone_has_one_partition),
        cmocka_unit_test(the_munge_key_is_secret),
        cmocka_unit_test(removing_leaves_nothing_but_wanted_images),
        cmocka_unit_test(the_pointer_follows_the_cluster),
        cmocka_unit_test(the_configuration_in_the_environment_names_the_cluster),
    };

    return cmocka_run_group_tests(tests, make_top, remove_top);
}
