/* SPDX-License-Identifier: Apache-2.0
 *
 * test_answer.c - HTTP answers, whole, in pieces, and wrong
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "probe/answer.h"

/* Read 'text' in pieces of 'step' bytes, then its end. What came out of it: "200",
 * "200 /there", "200 early" when it was whole before its end; or the words. */
static char *read_in(const char *text, size_t step)
{
    struct http_answer answer;
    struct err err = {0};
    size_t len = strlen(text);
    char *told;
    int r = 0;

    http_answer_init(&answer);
    for (size_t at = 0; at < len && r == 0; at += step)
        r = http_answer_take(&answer, text + at, len - at < step ? len - at : step,
                             &err);
    if (r < 0 || (r == 0 && http_answer_end(&answer, &err) < 0))
        told = xstrdup(err.text);
    else
        told = xasprintf("%d%s%s%s", answer.status, answer.location ? " " : "",
                         answer.location ? answer.location : "", r ? " early" : "");
    http_answer_fini(&answer);
    return told;
}

static void expect(const char *text, const char *told)
{
    for (size_t step = 1; step < 9; step++) {
        cleanup(freep) char *got = read_in(text, step);

        assert_string_equal(got, told);
    }
}

static void answers_are_read_to_their_ends(void **state)
{
    (void)state;
    expect("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 early");
    expect("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more", "200 early");
    expect("HTTP/1.0 503 No\r\n\r\nuntil the end", "503");
    expect("HTTP/1.1 404\r\n\r\n", "404");
    expect("HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\n", "204 early");
    expect("HTTP/1.1 200 OK\ncontent-length:0\n\n", "200 early");
    expect("HTTP/1.1 302 Go\r\nLocation:  /there \r\nContent-Length: 0\r\n\r\n",
           "302 /there early");
    expect("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
           "3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n",
           "200 early");
    expect("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
           "200 early");
}

static void what_is_cut_off_is_no_answer(void **state)
{
    (void)state;
    expect("", "EOF");
    expect("HTTP/1.1 200 OK\r\n", "unexpected EOF");
    expect("HTTP/1.1 20", "unexpected EOF");
    expect("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "unexpected EOF");
    expect("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
           "unexpected EOF");
    expect("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
           "unexpected EOF");
}

static void what_is_no_http_is_told(void **state)
{
    (void)state;
    expect("SSH-2.0-OpenSSH_9.2\r\n", "malformed HTTP response: no status line");
    expect("HTTP/1.1 2x0 OK\r\n", "malformed HTTP response: no status code");
    expect("HTTP/1.1 2000 OK\r\n", "malformed HTTP response: no status code");
    expect("HTTP/1.1 099 OK\r\n", "malformed HTTP response: no status code");
    expect("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
           "malformed HTTP response: a header without a name");
    expect("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
           "malformed HTTP response: bad Content-Length");
    expect("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
           "malformed HTTP response: two lengths");
    expect("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
           "malformed HTTP response: unknown Transfer-Encoding");
    expect("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
           "malformed HTTP response: bad chunk");
    expect("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
           "malformed HTTP response: bad chunk");
}

static void no_more_is_read_than_is_good(void **state)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n";
    char piece[1024];
    struct http_answer answer;
    struct err err;
    int r = 0, n = 0;

    (void)state;
    memset(piece, 'x', sizeof(piece));
    http_answer_init(&answer);
    assert_int_equal(http_answer_take(&answer, head, sizeof(head) - 1, &err), 0);
    for (; r == 0 && n < 100; n++)
        r = http_answer_take(&answer, piece, sizeof(piece), &err);
    assert_int_equal(r, 1);
    assert_int_equal(n, ANSWER_BODY_MAX / sizeof(piece));
    http_answer_fini(&answer);

    http_answer_init(&answer);
    for (r = n = 0; r == 0 && n < 1000; n++)
        r = http_answer_take(&answer, piece, sizeof(piece), &err);
    assert_int_equal(r, -EPROTO);
    assert_true(n <= (int)(ANSWER_HEAD_MAX / sizeof(piece)) + 1);
    http_answer_fini(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_read_to_their_ends),
        cmocka_unit_test(what_is_cut_off_is_no_answer),
        cmocka_unit_test(what_is_no_http_is_told),
        cmocka_unit_test(no_more_is_read_than_is_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
