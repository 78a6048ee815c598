/* SPDX-License-Identifier: Apache-2.0
 *
 * test_io.c - files and descriptors
 */
#include "base/io.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char dir[] = "/tmp/berth-test-io-XXXXXX";

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

static char *in_dir(const char *name)
{
    return xasprintf("%s/%s", dir, name);
}

static void a_file_comes_back_as_written(void **state)
{
    const char bytes[] = "a\0b\n";
    cleanup(freep) char *path = in_dir("file");
    cleanup(freep) char *back = NULL;
    struct stat st;
    size_t len;

    (void)state;
    assert_int_equal(io_write_file_atomic(path, "old", 3, 0644, NULL), 0);
    assert_int_equal(io_write_file_atomic(path, bytes, sizeof(bytes), 0640, NULL), 0);
    assert_int_equal(io_read_file(path, 100, &back, &len, NULL), 0);
    assert_int_equal(len, sizeof(bytes));
    assert_memory_equal(back, bytes, len);
    assert_int_equal(back[len], '\0');
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
}

static void a_file_of_exactly_the_bound_is_read(void **state)
{
    cleanup(freep) char *path = in_dir("bound");
    cleanup(freep) char *back = NULL;
    struct err err;

    (void)state;
    assert_int_equal(io_write_file_atomic(path, "12345", 5, 0600, NULL), 0);
    assert_int_equal(io_read_file(path, 5, &back, NULL, NULL), 0);
    assert_string_equal(back, "12345");
    str_replace(&back, NULL);
    assert_int_equal(io_read_file(path, 4, &back, NULL, &err), -EFBIG);
    assert_null(back);
    assert_non_null(strstr(err.text, "longer than 4 bytes"));
    assert_non_null(strstr(err.text, path));
}

static void an_absent_file_is_named(void **state)
{
    cleanup(freep) char *path = in_dir("absent");
    char *back = NULL;
    struct err err;

    (void)state;
    assert_int_equal(io_read_file(path, 5, &back, NULL, &err), -ENOENT);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(io_read_file(dir, 5, &back, NULL, &err), -EISDIR);
}

static void a_file_that_cannot_be_written_leaves_nothing(void **state)
{
    cleanup(freep) char *sub = in_dir("taken");
    cleanup(freep) char *inside = in_dir("taken/x");
    cleanup(freep) char *absent = in_dir("nowhere/file");
    struct err err;

    (void)state;
    assert_int_equal(io_write_file_atomic(absent, "x", 1, 0600, &err), -ENOENT);
    assert_int_equal(io_mkdir_p(inside, 0755, NULL), 0);
    assert_int_equal(io_write_file_atomic(sub, "x", 1, 0600, &err), -EISDIR);
    assert_int_equal(io_remove_tree(sub, NULL), 0);
    assert_int_equal(access(sub, F_OK), -1);
}

static void reading_in_full_needs_all_bytes(void **state)
{
    char bytes[4];
    int fds[2];

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(io_write_full(fds[1], "abcdef", 6), 0);
    (void)close(fds[1]);
    assert_int_equal(io_read_full(fds[0], bytes, 4), 0);
    assert_memory_equal(bytes, "abcd", 4);
    assert_int_equal(io_read_full(fds[0], bytes, 4), -ENODATA);
    (void)close(fds[0]);
    assert_int_equal(io_read_full(fds[0], bytes, 1), -EBADF);
    assert_int_equal(io_write_full(fds[0], bytes, 1), -EBADF);
}

static void bytes_are_written_where_they_belong(void **state)
{
    cleanup(freep) char *path = in_dir("parts");
    cleanup(closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    char back[6];

    (void)state;
    assert_int_equal(io_write_full_at(fd, "def", 3, 3), 0);
    assert_int_equal(io_write_full_at(fd, "abc", 3, 0), 0);
    assert_int_equal(io_read_full(fd, back, 6), 0);
    assert_memory_equal(back, "abcdef", 6);
    assert_int_equal(io_write_full_at(-1, "x", 1, 0), -EBADF);
}

static void directories_are_made_with_their_parents(void **state)
{
    cleanup(freep) char *path = in_dir("a/b//c/");
    cleanup(freep) char *file = in_dir("plain");
    cleanup(freep) char *below = in_dir("plain/x");
    struct stat st;

    (void)state;
    assert_int_equal(io_mkdir_p(path, 0755, NULL), 0);
    assert_int_equal(io_mkdir_p(path, 0755, NULL), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(io_write_file_atomic(file, "", 0, 0600, NULL), 0);
    assert_int_equal(io_mkdir_p(file, 0755, NULL), -ENOTDIR);
    assert_int_equal(io_mkdir_p(below, 0755, NULL), -ENOTDIR);
}

static void a_tree_goes_and_what_links_point_to_stays(void **state)
{
    cleanup(freep) char *tree = in_dir("tree");
    cleanup(freep) char *deep = in_dir("tree/1/2/3");
    cleanup(freep) char *locked = in_dir("tree/1/2");
    cleanup(freep) char *link = in_dir("tree/link");
    cleanup(freep) char *kept = in_dir("kept");
    cleanup(freep) char *kept_file = in_dir("kept/file");

    (void)state;
    assert_int_equal(io_mkdir_p(deep, 0755, NULL), 0);
    assert_int_equal(io_mkdir_p(kept, 0755, NULL), 0);
    assert_int_equal(io_write_file_atomic(kept_file, "x", 1, 0600, NULL), 0);
    assert_int_equal(symlink(kept, link), 0);
    assert_int_equal(chmod(locked, 0), 0);
    assert_int_equal(io_remove_tree(tree, NULL), 0);
    assert_int_equal(access(tree, F_OK), -1);
    assert_int_equal(access(kept_file, F_OK), 0);
    assert_int_equal(io_remove_tree(tree, NULL), 0);
}

/* In a child with a mount namespace of its own: 0 when the tree was refused
 * and the mount stayed, 77 when mounts are not allowed here. */
static int refuse_mounted(const char *tree, const char *point)
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
        mount("none", point, "tmpfs", 0, NULL) < 0)
        return 77;
    if (io_remove_tree(tree, NULL) != -EXDEV)
        return 1;
    return umount2(point, 0) == 0 ? 0 : 2;
}

static void a_mounted_file_system_is_not_emptied(void **state)
{
    cleanup(freep) char *tree = in_dir("mounted");
    cleanup(freep) char *point = in_dir("mounted/point");
    int status;
    pid_t pid;

    (void)state;
    assert_int_equal(io_mkdir_p(point, 0777, NULL), 0);
    pid = fork();
    if (pid == 0)
        _exit(refuse_mounted(tree, point));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        print_message("user namespaces or mounts are not allowed here\n");
    else
        assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(io_remove_tree(tree, NULL), 0);
}

static void descriptors_are_marked_from_the_lowest_up(void **state)
{
    int low = fcntl(STDIN_FILENO, F_DUPFD, 50);
    int high = fcntl(STDIN_FILENO, F_DUPFD, 60);

    (void)state;
    io_cloexec_from(60);
    assert_int_equal(fcntl(low, F_GETFD), 0);
    assert_int_equal(fcntl(high, F_GETFD), FD_CLOEXEC);
    (void)close(low);
    (void)close(high);
}

static void a_closed_standard_stream_is_not_taken_by_the_next_file(void **state)
{
    int kept = dup(0), opened;

    (void)state;
    (void)close(0);
    io_open_std();
    opened = open("/", O_RDONLY | O_CLOEXEC);
    assert_true(opened > 2);
    assert_int_equal(read(0, &opened, 1), 0);
    (void)dup2(kept, 0);
    (void)close(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_comes_back_as_written),
        cmocka_unit_test(a_file_of_exactly_the_bound_is_read),
        cmocka_unit_test(an_absent_file_is_named),
        cmocka_unit_test(a_file_that_cannot_be_written_leaves_nothing),
        cmocka_unit_test(reading_in_full_needs_all_bytes),
        cmocka_unit_test(bytes_are_written_where_they_belong),
        cmocka_unit_test(directories_are_made_with_their_parents),
        cmocka_unit_test(a_tree_goes_and_what_links_point_to_stays),
        cmocka_unit_test(a_mounted_file_system_is_not_emptied),
        cmocka_unit_test(descriptors_are_marked_from_the_lowest_up),
        cmocka_unit_test(a_closed_standard_stream_is_not_taken_by_the_next_file),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
