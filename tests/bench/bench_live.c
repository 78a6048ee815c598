/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_live.c - load for a controller, and how long it takes to answer
 *
 *     bench_live fill JOBS CONNECTIONS PARTITION   submit as fast as they are taken
 *     bench_live ask WHAT SAMPLES PAUSE_MS PARTITION
 *
 * WHAT is jobs, all-jobs, show, submit, nodes or ping: one request of libberth, as a
 * command sends it. Prints lines of JSON as bench.h says; 'fill' also {"name": "rate",
 * "samples": [jobs a second]}.
 */
#include "bench.h"

#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/berth.h"

#define LIST_LIMIT 500 /* of berth jobs */

extern char **environ;

static void __attribute__((noreturn)) give_up(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_live: %s: %s\n", what, why);
    _exit(1);
}

static char *word(const char *text)
{
    char *copy = strdup(text);

    if (!copy)
        abort();
    return copy;
}

/* A batch job of some width and length, with this process's environment. */
static void make_job(Berth__JobSpec *spec, unsigned number, const char *partition)
{
    static uint8_t script[] = "#!/bin/sh\nexec ./solver --input case.in\n";
    static const unsigned widths[] = {1, 1, 1, 2, 4, 8, 16, 64};
    static const int64_t minutes[] = {10, 30, 60, 120, 240, 720, 1440};

    berth__job_spec__init(spec);
    spec->name = word("solver");
    spec->script.data = script;
    spec->script.len = sizeof(script) - 1;
    spec->cwd = word("/tmp");
    spec->umask = 022;
    spec->partition = word(partition);
    spec->nodes_min = widths[number % (sizeof(widths) / sizeof(*widths))];
    spec->tasks_per_node = 1 + number % 64;
    spec->time_limit = 60 * minutes[number % (sizeof(minutes) / sizeof(*minutes))];
    spec->submit_host = word("login1");
    spec->submit_line = word("berth submit solver.sh");
    spec->env = environ;
    while (environ[spec->n_env])
        spec->n_env++;
}

static uint32_t submit(struct berth *berth, unsigned number, const char *partition)
{
    Berth__SubmitReply *reply = NULL;
    struct berth_err err = {0};
    Berth__JobSpec spec;
    uint32_t id;

    make_job(&spec, number, partition);
    if (berth_submit(berth, &spec, NULL, &reply, &err))
        give_up("submit", err.text);
    id = reply->job_id;
    berth_free(reply);
    free(spec.name);
    free(spec.cwd);
    free(spec.partition);
    free(spec.submit_host);
    free(spec.submit_line);
    return id;
}

static struct berth *connected(void)
{
    struct berth *berth = NULL;
    struct berth_err err = {0};
    Berth__Pong *pong = NULL;

    if (berth_open(NULL, &berth, &err) || berth_ping(berth, &pong, &err))
        give_up("no controller", err.text);
    berth_free(pong);
    return berth;
}

/* ------------------------------------------------------------------ fill */

static void __attribute__((noreturn))
fill_some(unsigned first, unsigned n, const char *partition, int out)
{
    double *samples = malloc((n ? n : 1) * sizeof(*samples));
    struct berth *berth = connected();

    if (!samples)
        abort();
    for (unsigned i = 0; i < n; i++) {
        double start = now_usec();

        (void)submit(berth, first + i, partition);
        samples[i] = now_usec() - start;
    }
    berth_close(berth);
    for (size_t done = 0; done < n * sizeof(*samples);) {
        ssize_t len = write(out, (char *)samples + done, n * sizeof(*samples) - done);

        if (len <= 0)
            give_up("fill", "the pipe is broken");
        done += (size_t)len;
    }
    _exit(0);
}

static void read_all(int in, double *samples, unsigned n)
{
    for (size_t done = 0; done < n * sizeof(*samples);) {
        ssize_t len = read(in, (char *)samples + done, n * sizeof(*samples) - done);

        if (len <= 0)
            give_up("fill", "a submitter has failed");
        done += (size_t)len;
    }
}

static int fill(unsigned jobs, unsigned connections, const char *partition)
{
    double *samples = calloc(jobs ? jobs : 1, sizeof(*samples)), start = now_usec();
    int *pipes = calloc(connections, sizeof(*pipes));
    double rate;

    if (!samples || !pipes)
        abort();
    for (unsigned i = 0; i < connections; i++) {
        unsigned first = (unsigned)((uint64_t)jobs * i / connections);
        unsigned next = (unsigned)((uint64_t)jobs * (i + 1) / connections);
        int fds[2];

        if (pipe(fds))
            give_up("fill", "no pipe");
        if (fork() == 0)
            fill_some(first, next - first, partition, fds[1]);
        (void)close(fds[1]);
        pipes[i] = fds[0];
    }
    for (unsigned i = 0; i < connections; i++) {
        unsigned first = (unsigned)((uint64_t)jobs * i / connections);
        unsigned next = (unsigned)((uint64_t)jobs * (i + 1) / connections);

        read_all(pipes[i], samples + first, next - first);
    }
    rate = jobs / ((now_usec() - start) / 1e6);
    print_samples("fill", samples, jobs);
    (void)printf("{\"name\": \"rate\", \"unit\": \"jobs/s\", \"samples\": [%.1f]}\n",
                 rate);
    return 0;
}

/* ------------------------------------------------------------------ ask */

/* A table for people (limit) or all there are, in pages (0). */
static void ask_jobs(struct berth *berth, unsigned limit)
{
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    Berth__JobList *list = NULL;
    struct berth_err err = {0};

    query.limit = limit;
    query.active_first = limit > 0;
    if (berth_jobs(berth, &query, &list, &err))
        give_up("jobs", err.text);
    berth_free(list);
}

static void ask_show(struct berth *berth, uint32_t id)
{
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    Berth__JobList *list = NULL;
    struct berth_err err = {0};

    query.ids = &id;
    query.n_ids = 1;
    query.all = true;
    query.with_spec = true;
    if (berth_jobs(berth, &query, &list, &err))
        give_up("show", err.text);
    berth_free(list);
}

static void ask_nodes(struct berth *berth)
{
    Berth__NodeQuery query = BERTH__NODE_QUERY__INIT;
    Berth__NodeList *list = NULL;
    struct berth_err err = {0};

    if (berth_nodes(berth, &query, &list, &err))
        give_up("nodes", err.text);
    berth_free(list);
}

static void ask_ping(struct berth *berth)
{
    Berth__Pong *pong = NULL;
    struct berth_err err = {0};

    if (berth_ping(berth, &pong, &err))
        give_up("ping", err.text);
    berth_free(pong);
}

static int ask(const char *what, unsigned n, unsigned pause_ms, const char *partition)
{
    double *samples = calloc(n ? n : 1, sizeof(*samples));
    struct berth *berth = connected();
    uint32_t last = submit(berth, 0, partition);

    if (!samples)
        abort();
    for (unsigned i = 0; i < n; i++) {
        const struct timespec pause = {.tv_sec = pause_ms / 1000,
                                       .tv_nsec = (long)(pause_ms % 1000) * 1000000};
        double start;

        (void)nanosleep(&pause, NULL);
        start = now_usec();
        if (strcmp(what, "jobs") == 0)
            ask_jobs(berth, LIST_LIMIT);
        else if (strcmp(what, "all-jobs") == 0)
            ask_jobs(berth, 0);
        else if (strcmp(what, "show") == 0)
            ask_show(berth, 1 + (uint32_t)((uint64_t)last * i / n));
        else if (strcmp(what, "submit") == 0)
            (void)submit(berth, i, partition);
        else if (strcmp(what, "nodes") == 0)
            ask_nodes(berth);
        else
            ask_ping(berth);
        samples[i] = now_usec() - start;
    }
    berth_close(berth);
    print_samples(what, samples, n);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "fill") == 0)
        return fill((unsigned)strtoul(argv[2], NULL, 10),
                    (unsigned)strtoul(argv[3], NULL, 10), argv[4]);
    if (argc == 6 && strcmp(argv[1], "ask") == 0)
        return ask(argv[2], (unsigned)strtoul(argv[3], NULL, 10),
                   (unsigned)strtoul(argv[4], NULL, 10), argv[5]);
    (void)fprintf(stderr, "Usage: bench_live fill JOBS CONNECTIONS PARTITION\n"
                          "       bench_live ask WHAT SAMPLES PAUSE_MS PARTITION\n");
    return 2;
}
