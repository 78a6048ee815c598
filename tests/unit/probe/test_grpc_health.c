/* SPDX-License-Identifier: Apache-2.0
 *
 * test_grpc_health.c - what is asked of a health service, and what it answers
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "probe/grpc_health.h"

static void a_request_names_the_service_if_any(void **state)
{
    static const uint8_t plain[] = {0, 0, 0, 0, 0},
                         named[] = {0, 0, 0, 0, 5, 10, 3, 'a', '.', 'B'};
    uint8_t request[GRPC_HEALTH_REQUEST_MAX];
    char longest[GRPC_SERVICE_MAX + 2];
    int n;

    (void)state;
    assert_int_equal(grpc_health_request(NULL, request, NULL), sizeof(plain));
    assert_memory_equal(request, plain, sizeof(plain));
    assert_int_equal(grpc_health_request("a.B", request, NULL), sizeof(named));
    assert_memory_equal(request, named, sizeof(named));
    memset(longest, 'x', sizeof(longest));
    longest[GRPC_SERVICE_MAX] = '\0';
    n = grpc_health_request(longest, request, NULL);
    assert_int_equal(n, 5 + 3 + GRPC_SERVICE_MAX);
    assert_int_equal(request[4], (uint8_t)(n - 5));
    assert_int_equal(request[3], (n - 5) >> 8);
    assert_int_equal(request[6], 0x80 | (GRPC_SERVICE_MAX & 0x7f));
    assert_int_equal(request[7], GRPC_SERVICE_MAX >> 7);
    longest[GRPC_SERVICE_MAX] = 'x';
    longest[GRPC_SERVICE_MAX + 1] = '\0';
    assert_int_equal(grpc_health_request(longest, request, NULL), -EINVAL);
}

#define READ(...)                                    \
    grpc_health_read((const uint8_t[]){__VA_ARGS__}, \
                     sizeof((const uint8_t[]){__VA_ARGS__}), NULL)

static void an_answer_is_one_number(void **state)
{
    (void)state;
    assert_int_equal(READ(0, 0, 0, 0, 2, 8, 1), 1);
    assert_int_equal(READ(0, 0, 0, 0, 2, 8, 2), 2);
    /* The default is not sent; others' fields are left out; the last one counts. */
    assert_int_equal(READ(0, 0, 0, 0, 0), 0);
    assert_int_equal(READ(0, 0, 0, 0, 7, 18, 1, 'x', 8, 2, 8, 1), 1);
    assert_int_equal(READ(0, 0, 0, 0, 7, 29, 1, 2, 3, 4, 8, 1), 1);
    assert_string_equal(grpc_health_name(2), "NOT_SERVING");
    assert_string_equal(grpc_health_name(99), "UNKNOWN");
}

static void what_is_no_answer_is_refused(void **state)
{
    (void)state;
    assert_int_equal(grpc_health_read("", 0, NULL), -EBADMSG);
    assert_int_equal(READ(0, 0, 0, 0), -EBADMSG);
    assert_int_equal(READ(1, 0, 0, 0, 2, 8, 1), -EBADMSG);
    assert_int_equal(READ(0, 0, 0, 0, 3, 8, 1), -EBADMSG);
    assert_int_equal(READ(0, 0, 0, 0, 1, 8), -EBADMSG);
    assert_int_equal(READ(0, 0, 0, 0, 3, 18, 9, 'x'), -EBADMSG);
    assert_int_equal(READ(0, 0, 0, 0, 1, 11), -EBADMSG);
    assert_int_equal(READ(0, 0, 0, 0, 4, 8, 0xff, 0xff, 0x7f), -EBADMSG);
    assert_int_equal(
        READ(0, 0, 0, 0, 12, 8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1),
        -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_names_the_service_if_any),
        cmocka_unit_test(an_answer_is_one_number),
        cmocka_unit_test(what_is_no_answer_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
