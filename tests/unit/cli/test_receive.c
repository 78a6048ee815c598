/* SPDX-License-Identifier: Apache-2.0
 *
 * test_receive.c - a file that comes in whole, or not at all
 */
#include "cli/receive.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
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

#define WORDS "some words that come through a pipe"

static char dir[] = "/tmp/berth-test-receive.XXXXXX";
static char path[64];
static struct err err;

static int setup(void **state)
{
    (void)state;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/file", dir);
    return 0;
}

/* Nothing but the file itself may be left. */
static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir);
}

static int receive(const char *text, struct receive_order *order)
{
    int fds[2], rc;

    order->path = path;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(io_write_full(fds[1], text, strlen(text)), 0);
    close(fds[1]);
    rc = receive_file(fds[0], order, &err);
    close(fds[0]);
    return rc;
}

static struct receive_order order_for(const char *text)
{
    return (struct receive_order){.size = (int64_t)strlen(text),
                                  .sum = receive_sum(RECEIVE_SUM, text, strlen(text)),
                                  .mode = 0640};
}

static void assert_file(const char *text)
{
    cleanup(freep) char *has = NULL;

    assert_int_equal(io_read_file(path, 1 << 20, &has, NULL, NULL), 0);
    assert_string_equal(has, text);
}

static void a_file_comes_with_its_permissions_and_time(void **state)
{
    struct receive_order order = order_for(WORDS);
    struct stat st;

    (void)state;
    order.mtime = 1700000000;
    assert_int_equal(receive(WORDS, &order), 0);
    assert_file(WORDS);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(st.st_mtime, 1700000000);
}

static void what_is_cut_off_or_broken_leaves_nothing(void **state)
{
    struct receive_order order = order_for(WORDS);

    (void)state;
    order.size++;
    assert_int_equal(receive(WORDS, &order), -EIO);
    assert_non_null(strstr(err.text, "bytes came"));
    order.size--;
    order.sum++;
    assert_int_equal(receive(WORDS, &order), -EIO);
    assert_non_null(strstr(err.text, "the sum differs"));
    assert_int_equal(access(path, F_OK), -1);
}

static void another_file_is_replaced_by_force_alone(void **state)
{
    struct receive_order order = order_for(WORDS), other = order_for("other");

    (void)state;
    assert_int_equal(receive(WORDS, &order), 0);
    assert_int_equal(receive("other", &other), -EEXIST);
    assert_file(WORDS);
    /* Two nodes with one directory: the second finds what it would have written. */
    assert_int_equal(receive(WORDS, &order), 0);
    other.is_forced = true;
    assert_int_equal(receive("other", &other), 0);
    assert_file("other");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_comes_with_its_permissions_and_time),
        TEST(what_is_cut_off_or_broken_leaves_nothing),
        TEST(another_file_is_replaced_by_force_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
