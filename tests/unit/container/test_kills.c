/* SPDX-License-Identifier: Apache-2.0
 *
 * test_kills.c - containers that are started and killed at random moments
 *
 * A caller makes a container, joins it, starts tasks that leave orphans; at some moment
 * the caller, the container's first process, or a joiner is killed, or all is
 * destroyed. We are who orphans come to, so a process that is left cannot hide; and
 * where no process is left, no mount is but in the node's own list.
 *
 * BERTH_KILLS says how many starts each kind of caller makes (334), BERTH_KILLS_SEED
 * from which number the moments are drawn.
 */
#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"

#define STARTS 334
#define DELAY_USEC_MAX 5000
#define PATIENCE_MS 60000

enum kind { KILL_CALLER, KILL_INIT, KILL_JOINER, DESTROY, N_KINDS };

static unsigned long number(const char *variable, unsigned long otherwise)
{
    const char *text = getenv(variable);

    return text && *text ? strtoul(text, NULL, 10) : otherwise;
}

static void wait_a_moment(unsigned int *seed)
{
    (void)usleep((unsigned int)rand_r(seed) % DELAY_USEC_MAX);
}

/* ------------------------------------------------------------------ the caller */

/* What it starts has children of its own; one of them ends late, one never. */
static void spawn_some(struct container *c)
{
    char *orphans[] = {A("probe"), A("orphans"), NULL};
    char *sleeper[] = {A("probe"), A("sleep"), NULL};
    char *env[] = {A("PATH=/bin"), NULL};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct task_spec task = {.id = 1,
                             .argv = orphans,
                             .env = env,
                             .cwd = "/",
                             .fds = {null, null, null},
                             .new_session = true};

    (void)container_spawn(c, &task, NULL);
    task.id = 2;
    task.argv = sleeper;
    (void)container_spawn(c, &task, NULL);
    (void)close(null);
}

/* Go as far as there is time for, and end it in the way of 'kind'. */
static void call(enum kind kind, unsigned int seed)
{
    struct container_spec spec = fixture()->spec;
    struct container *c = NULL, *joined = NULL;
    struct err err;
    int steps = rand_r(&seed) % 5;

    spec.joinable = kind == KILL_JOINER || rand_r(&seed) % 2;
    if (container_create(&spec, &c, &err))
        _exit(1);
    wait_a_moment(&seed);
    if (steps > 0 && container_wait_ready(c, &err))
        _exit(1);
    if (steps > 1)
        spawn_some(c);
    if (steps > 2 && spec.joinable &&
        container_join(&spec, container_namespaces(c), &joined, &err) == 0)
        spawn_some(joined);
    if (steps > 3)
        (void)container_sweep(c, &err);
    if (kind == KILL_CALLER)
        for (;;)
            (void)pause();
    wait_a_moment(&seed);
    if (kind == KILL_INIT)
        (void)kill(container_init_pid(c), SIGKILL);
    if (kind == KILL_JOINER && joined)
        (void)kill(container_init_pid(joined), SIGKILL);
    wait_a_moment(&seed);
    container_destroy(joined);
    container_destroy(c);
    _exit(0);
}

/* ----------------------------------------------------------------- what is left */

/* Reap all that came to us, until there is nobody. */
static void expect_no_process(void)
{
    struct timespec tick = {.tv_nsec = 1000000};

    for (int i = 0; i < PATIENCE_MS; i++) {
        pid_t pid = waitpid(-1, NULL, WNOHANG | __WALL);

        if (pid < 0 && errno == ECHILD)
            return;
        if (pid <= 0)
            (void)nanosleep(&tick, NULL);
    }
    fail_msg("a process is left");
}

static void start_and_kill(unsigned int seed)
{
    enum kind kind = (enum kind)(rand_r(&seed) % N_KINDS);
    pid_t pid = fork();
    int status;

    if (pid == 0)
        call(kind, seed);
    assert_true(pid > 0);
    if (kind == KILL_CALLER) {
        wait_a_moment(&seed);
        (void)kill(pid, SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (kind != KILL_CALLER && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
        fail_msg("a caller ended with status %d", status);
    expect_no_process();
}

static char *read_mounts(void)
{
    char *text = NULL;

    assert_int_equal(io_read_file("/proc/self/mountinfo", 4 << 20, &text, NULL, NULL),
                     0);
    return text;
}

static size_t count_entries(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    size_t n = 0;

    if (!dir)
        return 0;
    while ((entry = readdir(dir)))
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    (void)closedir(dir);
    return n;
}

static size_t count_loops(void)
{
    size_t n = 0;

    for (int i = 0; i < 64; i++) {
        cleanup(freep) char *path = xasprintf("/sys/block/loop%d/loop", i);

        n += access(path, F_OK) == 0;
    }
    return n;
}

static void nothing_is_left_of_containers_killed_at_any_moment(void **state)
{
    unsigned long starts = number("BERTH_KILLS", STARTS);
    unsigned int seed = (unsigned int)number("BERTH_KILLS_SEED",
                                             (unsigned long)(time(NULL) + getpid()));
    cleanup(freep) char *mounts = read_mounts();
    size_t fds = count_entries("/proc/self/fd"), loops = count_loops();
    cleanup(freep) char *mounts_after = NULL;

    (void)state;
    print_message("BERTH_KILLS_SEED=%u\n", seed);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    for (unsigned long i = 0; i < starts; i++)
        start_and_kill(seed + (unsigned int)i);
    mounts_after = read_mounts();
    assert_string_equal(mounts_after, mounts);
    assert_int_equal(count_entries(fixture()->spec.work_dir), 0);
    assert_int_equal(count_entries("/proc/self/fd"), fds);
    assert_int_equal(count_loops(), loops);
}

/* The check itself: an orphan comes to us, and is seen until it has ended. */
static void a_process_that_stays_would_be_noticed(void **state)
{
    pid_t child, orphan;
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    child = fork();
    if (child == 0) {
        orphan = fork();
        if (orphan == 0)
            for (;;)
                (void)pause();
        _exit(write(ends[1], &orphan, sizeof(orphan)) != sizeof(orphan));
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(read(ends[0], &orphan, sizeof(orphan)), sizeof(orphan));
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), 0);
    (void)kill(orphan, SIGKILL);
    expect_no_process();
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_of_containers_killed_at_any_moment),
        cmocka_unit_test(a_process_that_stays_would_be_noticed),
    };

    return run_as_each("kills", tests, ARRAY_SIZE(tests));
}
