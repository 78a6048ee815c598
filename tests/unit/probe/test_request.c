/* SPDX-License-Identifier: Apache-2.0
 *
 * test_request.c - what is asked, and where one is sent on to
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "probe/request.h"

static void a_request_is_one_get(void **state)
{
    cleanup(freep) char *text = NULL;

    (void)state;
    assert_int_equal(request_build("10.1.2.3", 8080, "a b?x=1#part", NULL, &text, NULL),
                     0);
    assert_string_equal(text, "GET /a%20b?x=1 HTTP/1.1\r\nHost: 10.1.2.3:8080\r\n"
                              "User-Agent: kube-probe/1.33 (berth)\r\nAccept: */*\r\n"
                              "Connection: close\r\n\r\n");
}

static void headers_that_are_said_replace_ours(void **state)
{
    struct mf_pair pairs[] = {{(char[]){"host"}, (char[]){"web"}},
                              {(char[]){"X-Two"}, (char[]){"b"}},
                              {(char[]){"Connection"}, (char[]){"keep-alive"}}};
    const mf_pairs headers = {pairs, 3};
    cleanup(freep) char *text = NULL;

    (void)state;
    assert_int_equal(request_build("fd00::1", 80, "/", &headers, &text, NULL), 0);
    assert_string_equal(text, "GET / HTTP/1.1\r\n"
                              "User-Agent: kube-probe/1.33 (berth)\r\nAccept: */*\r\n"
                              "host: web\r\nX-Two: b\r\nConnection: close\r\n\r\n");
}

static void headers_that_would_break_it_are_refused(void **state)
{
    struct mf_pair bad[] = {{(char[]){"X-A"}, (char[]){"b\r\nX-C: d"}},
                            {(char[]){"X A"}, (char[]){"b"}},
                            {(char[]){""}, (char[]){"b"}}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        const mf_pairs headers = {&bad[i], 1};
        char *text = NULL;
        struct err err;

        assert_int_equal(request_build("h", 80, "/", &headers, &text, &err), -EINVAL);
        assert_null(text);
    }
}

/* "PORT PATH", or "-" for another host. */
static void leads(const char *location, const char *where)
{
    cleanup(freep) char *told = NULL, *path = NULL;
    uint16_t port;

    if (redirect_resolve("10.1.2.3", 8080, "/a/b?q=/x", location, &port, &path))
        told = xasprintf("%u %s", port, path);
    else
        told = xstrdup("-");
    assert_string_equal(told, where);
}

static void redirects_on_the_same_host_lead_somewhere(void **state)
{
    (void)state;
    leads("/c", "8080 /c");
    leads("c", "8080 /a/c");
    leads("?z", "8080 /a/b?z");
    leads("/c?u=http://x/", "8080 /c?u=http://x/");
    leads("c?u=http://x/", "8080 /a/c?u=http://x/");
    leads("http://10.1.2.3/c", "80 /c");
    leads("HTTP://10.1.2.3:81", "81 /");
    leads("//10.1.2.3:8080/c", "8080 /c");
    leads("http://10.1.2.3?z", "80 /?z");
}

static void redirects_elsewhere_lead_nowhere(void **state)
{
    (void)state;
    leads("http://10.1.2.33/c", "-");
    leads("http://10.1.2.3.example/c", "-");
    leads("http://other/c", "-");
    leads("https://10.1.2.3/c", "-");
    leads("http://10.1.2.3:0/", "-");
    leads("http://10.1.2.3:99999/", "-");
    leads("http://10.1.2.3:x/", "-");
    leads("ftp://10.1.2.3/c", "-");
    leads("/a\x01", "-");
    leads("/\xff", "-");
}

static void redirects_of_ipv6_keep_their_brackets(void **state)
{
    char *path;
    uint16_t port;

    (void)state;
    assert_true(
        redirect_resolve("fd00::1", 80, "/", "http://[fd00::1]:81/x", &port, &path));
    assert_int_equal(port, 81);
    free(path);
    assert_false(
        redirect_resolve("fd00::1", 80, "/", "http://[fd00::12]/x", &port, &path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_one_get),
        cmocka_unit_test(headers_that_are_said_replace_ours),
        cmocka_unit_test(headers_that_would_break_it_are_refused),
        cmocka_unit_test(redirects_on_the_same_host_lead_somewhere),
        cmocka_unit_test(redirects_elsewhere_lead_nowhere),
        cmocka_unit_test(redirects_of_ipv6_keep_their_brackets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
