/* SPDX-License-Identifier: Apache-2.0
 *
 * test_state.c - the record of a cluster
 */
#include "cluster/cluster.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char dir[] = "/tmp/berth-test-cluster-XXXXXX";

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    return io_remove_tree(dir, NULL);
}

static struct cluster *sample(void)
{
    struct cluster *c = cluster_create("demo", dir, "/data", 3);

    c->images = xstrdup("/data/images");
    c->own_images = true;
    c->uid = 1000;
    c->user_ns = 4026531837;
    c->port = 7819;
    c->head = (struct process){.pid = 41, .start = 9007199254740993};
    c->nodes[1].daemon = (struct process){.pid = 42, .start = 7};
    c->nodes[2].net_ns = 4026532000;
    c->n_fake = 10000;
    c->fake_runtime = xstrdup("0.5");
    c->fake = (struct process){.pid = 43, .start = 8};
    (void)cluster_choose_subnet(c, NULL, NULL);
    return c;
}

static void a_cluster_comes_back_as_recorded(void **state)
{
    cleanup(cluster_destroyp) struct cluster *c = sample();
    cleanup(cluster_destroyp) struct cluster *back = NULL;

    (void)state;
    assert_int_equal(cluster_save(c, NULL), 0);
    assert_int_equal(cluster_load(dir, &back, NULL), 0);
    assert_string_equal(back->name, "demo");
    assert_string_equal(back->dir, dir);
    assert_string_equal(back->data, "/data");
    assert_string_equal(back->images, "/data/images");
    assert_true(back->own_images);
    assert_int_equal(back->uid, 1000);
    assert_int_equal(back->user_ns, 4026531837);
    assert_int_equal(back->port, 7819);
    assert_string_equal(back->bridge, "brth-demo");
    assert_string_equal(back->address, c->address);
    assert_int_equal(back->head.pid, 41);
    assert_int_equal(back->head.start, 9007199254740993);
    assert_int_equal(back->n_nodes, 3);
    assert_string_equal(back->nodes[2].name, "n3");
    assert_string_equal(back->nodes[2].address, c->nodes[2].address);
    assert_int_equal(back->nodes[1].daemon.pid, 42);
    assert_int_equal(back->nodes[2].net_ns, 4026532000);
    assert_int_equal(back->n_fake, 10000);
    assert_string_equal(back->fake_runtime, "0.5");
    assert_int_equal(back->fake.pid, 43);
    assert_int_equal(back->fake.start, 8);
}

static void a_directory_without_a_cluster_has_none(void **state)
{
    struct cluster *c = NULL;

    (void)state;
    assert_int_equal(cluster_load("/nowhere", &c, NULL), -ENOENT);
    assert_null(c);
}

static void a_damaged_record_is_refused(void **state)
{
    static const char *const texts[] = {"", "{", "[]", "{}", "{\"name\": 3}"};
    cleanup(freep) char *path = xasprintf("%s/cluster.json", dir);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct cluster *c = NULL;
        struct err err;

        assert_int_equal(
            io_write_file_atomic(path, texts[i], strlen(texts[i]), 0600, NULL), 0);
        assert_int_equal(cluster_load(dir, &c, &err), -EINVAL);
        assert_non_null(strstr(err.text, "is damaged"));
    }
}

static void a_cluster_is_alive_while_one_process_is(void **state)
{
    cleanup(cluster_destroyp) struct cluster *c = sample();

    (void)state;
    c->head.pid = 0;
    c->nodes[1].daemon.pid = 0;
    assert_false(cluster_is_alive(c));
    assert_int_equal(process_find(getpid(), &c->nodes[2].holder), 0);
    assert_true(cluster_is_alive(c));
    assert_false(cluster_is_whole(c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cluster_comes_back_as_recorded),
        cmocka_unit_test(a_directory_without_a_cluster_has_none),
        cmocka_unit_test(a_damaged_record_is_refused),
        cmocka_unit_test(a_cluster_is_alive_while_one_process_is),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
