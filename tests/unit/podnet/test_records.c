/* SPDX-License-Identifier: Apache-2.0
 *
 * test_records.c - what is known of pods after a restart
 */
#include "podnet/records.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct podnet_port ports[] = {
    {.host_port = 8080, .pod_port = 80},
    {.is_udp = true, .host_port = 53, .pod_port = 5353, .host_ip = 0x0a000001},
};
static const struct podnet_pod pod = {
    .job = 17, .epoch = 2, .address = 0x0a580107, .ports = ports, .n_ports = 2};

static const char text[] = "address 10.88.1.7\n"
                           "port tcp 8080 80 0.0.0.0\n"
                           "port udp 53 5353 10.0.0.1\n";

static void a_record_is_a_few_lines(void **state)
{
    cleanup(freep) char *made = record_text(&pod);
    struct podnet_pod back = {0};

    (void)state;
    assert_string_equal(made, text);
    assert_int_equal(record_parse(text, &back), 0);
    assert_int_equal(back.address, pod.address);
    assert_int_equal(back.n_ports, 2);
    assert_true(back.ports[1].is_udp);
    assert_int_equal(back.ports[1].host_port, 53);
    assert_int_equal(back.ports[1].pod_port, 5353);
    assert_int_equal(back.ports[1].host_ip, 0x0a000001);
    free(back.ports);
}

static void other_text_is_no_record(void **state)
{
    static const char *const bad[] = {
        "",
        "address",
        "address 10.88.1",
        "port tcp 1 2 0.0.0.0\n",
        "address 10.88.1.7\nport sctp 1 2 0.0.0.0\n",
        "address 10.88.1.7\nport tcp 1 2\n",
        "address 10.88.1.7\nport tcp 1 2 0.0.0.0 3\n",
        "address 10.88.1.7\nmore\n",
    };
    struct podnet_pod back = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(record_parse(bad[i], &back), -EINVAL);
    assert_null(back.ports);
}

static void records_come_back_and_what_is_none_goes(void **state)
{
    char dir[] = "/tmp/berth-records.XXXXXX";
    cleanup(freep) char *torn = NULL;
    struct podnet_pod *pods = NULL;
    size_t n = 0;

    (void)state;
    assert_non_null(mkdtemp(dir));
    torn = xasprintf("%s/18.1", dir);
    assert_int_equal(record_save(dir, &pod, NULL), 0);
    assert_int_equal(io_write_file_atomic(torn, "addr", 4, 0600, NULL), 0);
    assert_int_equal(records_load(dir, &pods, &n, NULL), 0);
    assert_int_equal(n, 1);
    assert_int_equal(pods[0].job, 17);
    assert_int_equal(pods[0].epoch, 2);
    assert_int_not_equal(access(torn, F_OK), 0);
    record_drop(dir, &pods[0]);
    free(pods[0].ports);
    free(pods);
    pods = NULL;
    assert_int_equal(records_load(dir, &pods, &n, NULL), 0);
    assert_int_equal(n, 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_a_few_lines),
        cmocka_unit_test(other_text_is_no_record),
        cmocka_unit_test(records_come_back_and_what_is_none_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
