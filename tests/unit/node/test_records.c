/* SPDX-License-Identifier: Apache-2.0
 *
 * test_records.c - what berthd knows again after a restart
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "node/node.h"
#include "wire/pack.h"

struct fixture {
    struct node node;
    char dir[64];
    struct record found;
    int n_found;
};

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    cleanup(freep) char *steps = NULL;

    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/berth-records-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    steps = xasprintf("%s/steps", f->dir);
    assert_int_equal(io_mkdir_p(steps, 0755, NULL), 0);
    f->node.state_dir = f->dir;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(io_remove_tree(f->dir, NULL), 0);
    free_message(f->found.granted);
    free(f);
    return 0;
}

static void count(const struct record *record, void *ctx)
{
    struct fixture *f = ctx;

    free_message(f->found.granted);
    f->found = *record;
    if (record->granted)
        f->found.granted = copy_message(&record->granted->base);
    f->n_found++;
}

static int read_all(struct fixture *f)
{
    f->n_found = 0;
    assert_int_equal(record_each(&f->node, count, f, NULL), 0);
    return f->n_found;
}

static const struct record lead = {.job = 17,
                                   .epoch = 2,
                                   .step = STEP_LEAD,
                                   .process = {4711, 123456789012},
                                   .uid = 1000};

static void a_record_is_read_as_it_was_written(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(record_create(&f->node, &lead, NULL), 0);
    assert_int_equal(read_all(f), 1);
    assert_int_equal(f->found.job, lead.job);
    assert_int_equal(f->found.epoch, lead.epoch);
    assert_int_equal(f->found.step, STEP_LEAD);
    assert_int_equal(f->found.process.pid, lead.process.pid);
    assert_int_equal(f->found.process.start, lead.process.start);
    assert_int_equal(f->found.uid, lead.uid);
}

static void the_same_start_is_refused_the_second_time(void **state)
{
    struct fixture *f = *state;
    struct record other = lead;
    struct err err;

    assert_int_equal(record_create(&f->node, &lead, NULL), 0);
    assert_int_equal(record_create(&f->node, &lead, &err), -EEXIST);
    assert_non_null(strstr(err.text, "job 17"));
    other.epoch++;
    assert_int_equal(record_create(&f->node, &other, NULL), 0);
    other.step = 0;
    assert_int_equal(record_create(&f->node, &other, NULL), 0);
    assert_int_equal(read_all(f), 3);
}

static void a_removed_record_is_gone_and_its_neighbours_are_not(void **state)
{
    struct fixture *f = *state;
    struct record step = lead;

    step.step = 0;
    assert_int_equal(record_create(&f->node, &lead, NULL), 0);
    assert_int_equal(record_create(&f->node, &step, NULL), 0);
    record_remove(&f->node, 17, 2, STEP_LEAD);
    record_remove(&f->node, 17, 2, STEP_LEAD);
    assert_int_equal(read_all(f), 1);
    assert_int_equal(f->found.step, 0);
}

static void what_is_no_record_is_passed_over(void **state)
{
    static const char *const names[] = {"README", "17.x.0", "18.1.0", "19.1.0"};
    static const char *const texts[] = {"", "1 2 3", "", "one two three"};
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        cleanup(freep) char *path = xasprintf("%s/steps/%s", f->dir, names[i]);

        assert_int_equal(
            io_write_file_atomic(path, texts[i], strlen(texts[i]), 0600, NULL), 0);
    }
    assert_int_equal(read_all(f), 0);
}

static void a_state_directory_that_is_not_there_is_named(void **state)
{
    struct fixture *f = *state;
    static char nowhere[] = "/no/such/state";
    struct err err;

    f->node.state_dir = nowhere;
    assert_int_equal(record_create(&f->node, &lead, &err), -ENOENT);
    assert_non_null(strstr(err.text, nowhere));
    assert_int_equal(record_each(&f->node, count, f, &err), -ENOENT);
    assert_non_null(strstr(err.text, nowhere));
}

static void the_grant_key_is_kept_over_a_restart(void **state)
{
    struct fixture *f = *state;
    uint8_t key[GRANT_PUBLIC_KEY_BYTES];

    assert_true(grant_key_load(&f->node) < 0);
    assert_false(f->node.has_grant_key);
    memset(f->node.grant_key, 7, sizeof(f->node.grant_key));
    memcpy(key, f->node.grant_key, sizeof(key));
    assert_int_equal(grant_key_save(&f->node, NULL), 0);
    memset(f->node.grant_key, 0, sizeof(f->node.grant_key));
    assert_int_equal(grant_key_load(&f->node), 0);
    assert_true(f->node.has_grant_key);
    assert_memory_equal(f->node.grant_key, key, sizeof(key));
}

#define RECORDS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* The lead is not asked for it again. */
static void what_network_a_pod_was_granted_is_known_again(void **state)
{
    struct fixture *f = *state;
    Berth__PodGrant network = BERTH__POD_GRANT__INIT;
    Berth__PodPort port = BERTH__POD_PORT__INIT, *ports[] = {&port};
    char partition[] = "long", account[] = "physics";
    struct record pod = lead;

    port.host_port = 30080;
    port.container_port = '\n';
    network.ports = ports;
    network.n_ports = 1;
    network.partition = partition;
    network.account = account;
    pod.granted = &network;
    assert_int_equal(record_create(&f->node, &pod, NULL), 0);
    assert_int_equal(read_all(f), 1);
    assert_int_equal(f->found.process.pid, 4711);
    assert_non_null(f->found.granted);
    assert_string_equal(f->found.granted->partition, "long");
    assert_string_equal(f->found.granted->account, "physics");
    assert_int_equal(f->found.granted->n_ports, 1);
    assert_int_equal(f->found.granted->ports[0]->host_port, 30080);
    assert_int_equal(f->found.granted->ports[0]->container_port, '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RECORDS_TEST(a_record_is_read_as_it_was_written),
        RECORDS_TEST(the_same_start_is_refused_the_second_time),
        RECORDS_TEST(a_removed_record_is_gone_and_its_neighbours_are_not),
        RECORDS_TEST(what_is_no_record_is_passed_over),
        RECORDS_TEST(a_state_directory_that_is_not_there_is_named),
        RECORDS_TEST(the_grant_key_is_kept_over_a_restart),
        cmocka_unit_test_setup_teardown(what_network_a_pod_was_granted_is_known_again,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
