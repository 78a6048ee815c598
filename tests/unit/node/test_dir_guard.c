/* SPDX-License-Identifier: Apache-2.0
 *
 * test_dir_guard.c - a directory that some users may pass through, and no others
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "node/dir_guard.h"

#define FRIEND 40001
#define OTHER 40002
#define STRANGER 40003

struct fixture {
    char top[64];
    char *gate, *inside;
};

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    (void)snprintf(f->top, sizeof(f->top), "/tmp/berth-guard-XXXXXX");
    assert_non_null(mkdtemp(f->top));
    assert_int_equal(chmod(f->top, 0711), 0);
    f->gate = xasprintf("%s/gate", f->top);
    f->inside = xasprintf("%s/root", f->gate);
    assert_int_equal(io_mkdir_p(f->inside, 0755, NULL), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(io_remove_tree(f->top, NULL), 0);
    free(f->gate);
    free(f->inside);
    free(f);
    return 0;
}

static bool can_open(const char *path, uid_t uid)
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(setgid(uid) || setuid(uid) ||
              open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

/* Needs root, to be others; 0: it is not, or there are no ACLs here. */
static int let_in(const struct fixture *f, const uid_t *uids, size_t n)
{
    struct err err;
    int rc = geteuid() == 0 ? dir_guard_set(f->gate, uids, n, &err) : -EPERM;

    if (rc == -EPERM || rc == -ENOTSUP)
        skip();
    return rc;
}

static void only_those_who_are_named_pass(void **state)
{
    const struct fixture *f = *state;
    const uid_t both[] = {OTHER, FRIEND}, one[] = {OTHER};

    assert_int_equal(let_in(f, both, 2), 0);
    assert_true(can_open(f->inside, FRIEND));
    assert_true(can_open(f->inside, OTHER));
    assert_false(can_open(f->inside, STRANGER));
    assert_false(can_open(f->gate, FRIEND));
    assert_int_equal(let_in(f, one, 1), 0);
    assert_false(can_open(f->inside, FRIEND));
    assert_true(can_open(f->inside, OTHER));
}

static void without_any_it_is_its_owners(void **state)
{
    const struct fixture *f = *state;
    const uid_t one[] = {FRIEND};

    assert_int_equal(let_in(f, one, 1), 0);
    assert_int_equal(let_in(f, NULL, 0), 0);
    assert_int_equal(mode_of(f->gate), 0700);
    assert_false(can_open(f->inside, FRIEND));
}

static void a_directory_that_is_not_there_is_told(void **state)
{
    const struct fixture *f = *state;
    cleanup(freep) char *none = xasprintf("%s/none", f->top);
    const uid_t one[] = {FRIEND};
    struct err err;

    assert_int_equal(dir_guard_set(none, one, 1, &err), -ENOENT);
    assert_int_equal(dir_guard_set(none, NULL, 0, &err), -ENOENT);
}

#define GUARD_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GUARD_TEST(only_those_who_are_named_pass),
        GUARD_TEST(without_any_it_is_its_owners),
        GUARD_TEST(a_directory_that_is_not_there_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
