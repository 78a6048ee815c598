/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_container.c - what one container of a step costs
 *
 * Loops: container_create, start a program, wait for its end, container_destroy.
 * Tells the time until the program's end is known, which is what a step waits for,
 * and the time until nothing is left.
 *
 *     bench_container [--layers DIR[:DIR...]] [-n COUNT] -- PROGRAM [ARGUMENTS]
 *
 * Without layers the container has the node's own root.
 */
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "bench.h"
#include "container/container.h"

static void die(const struct err *err)
{
    (void)fprintf(stderr, "bench_container: %s\n", err->text);
    exit(1);
}

static void wait_for_end(struct container *c)
{
    struct pollfd pfd = {.fd = container_fd(c), .events = POLLIN};
    struct container_event event;
    int rc;

    for (;;) {
        while ((rc = container_next_event(c, &event)) == 1) {
            if (event.kind == CONTAINER_TASK_ENDED && event.status == 0)
                return;
            if (event.kind != CONTAINER_TASK_STARTED) {
                (void)fprintf(stderr, "bench_container: status %d %s\n", event.status,
                              event.words);
                exit(1);
            }
        }
        if (rc < 0 || poll(&pfd, 1, -1) < 0)
            exit(1);
    }
}

static void run_once(const struct container_spec *spec, const struct task_spec *task,
                     double *ret_ended, double *ret_gone)
{
    double start = now_usec();
    struct container *c;
    struct err err;

    if (container_create(spec, &c, &err) || container_wait_ready(c, &err) ||
        container_spawn(c, task, &err))
        die(&err);
    wait_for_end(c);
    *ret_ended = now_usec() - start;
    container_destroy(c);
    *ret_gone = now_usec() - start;
}

static char work_dir[] = "/tmp/bench-container-XXXXXX";

static void remove_work_dir(void)
{
    (void)rmdir(work_dir);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"layers", required_argument, NULL, 'l'},
                                            {NULL, 0, NULL, 0}};
    char *env[] = {(char[]){"PATH=/usr/bin:/bin"}, NULL};
    char **layers = NULL;
    struct container_spec spec = {.user = "bench", .home = "/", .shell = "/bin/sh"};
    struct task_spec task = {
        .env = env, .cwd = "/", .fds = {0, 1, 2}, .new_session = true};
    size_t n = 200;
    double *ended, *gone;
    int c;

    while ((c = getopt_long(argc, argv, "+n:", options, NULL)) != -1) {
        if (c == 'l')
            layers = strv_split(optarg, ":");
        else if (c == 'n')
            n = strtoul(optarg, NULL, 10);
        else
            return 2;
    }
    if (!n || !argv[optind] || !mkdtemp(work_dir)) {
        (void)fprintf(stderr,
                      "usage: bench_container [--layers DIR[:DIR]] [-n COUNT] -- "
                      "PROGRAM\n");
        return 2;
    }
    (void)atexit(remove_work_dir);
    spec.layers = (const char *const *)layers;
    spec.n_layers = strv_len(layers);
    spec.work_dir = work_dir;
    task.argv = argv + optind;
    ended = xcalloc(n, sizeof(*ended));
    gone = xcalloc(n, sizeof(*gone));
    for (size_t i = 0; i < n; i++)
        run_once(&spec, &task, &ended[i], &gone[i]);
    print_samples("ended", ended, n);
    print_samples("gone", gone, n);
    free(ended);
    free(gone);
    strv_free(layers);
    return 0;
}
