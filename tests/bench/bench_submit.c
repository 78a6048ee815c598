/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_submit.c - how many submissions a controller takes from one client
 *
 *     bench_submit many JOBS CHUNK PARTITION     on one connection, CHUNK in a call
 *     bench_submit held JOBS CHUNK PARTITION     the same, of jobs that are held
 *     bench_submit sync JOBS CONNECTIONS PARTITION    one after another on each
 *
 * Every submission is answered when its job is on disk. Prints {"name": "rate",
 * "samples": [jobs a second]} and, of 'sync', samples of each one's time.
 */
#include "bench.h"

#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#include "client/berth.h"

static void __attribute__((noreturn)) give_up(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_submit: %s: %s\n", what, why);
    _exit(1);
}

static void *memory(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);

    if (!p)
        abort();
    return p;
}

/* A small batch job, with as much of an environment as a portal gives one. */
static void make_job(Berth__JobSpec *spec, char *partition)
{
    static uint8_t script[] = "#!/bin/sh\nexec ./solver --input case.in\n";
    static char name[] = "solver", cwd[] = "/tmp", host[] = "login1";
    static char home[] = "HOME=/home/alice", user[] = "USER=alice", lang[] = "LANG=C";
    static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin", shell[] = "SHELL=/bin/sh";
    static char *env[] = {home, user, lang, path, shell};

    berth__job_spec__init(spec);
    spec->name = name;
    spec->script.data = script;
    spec->script.len = sizeof(script) - 1;
    spec->cwd = cwd;
    spec->umask = 022;
    spec->partition = partition;
    spec->tasks = 1;
    spec->time_limit = 600;
    spec->submit_host = host;
    spec->env = env;
    spec->n_env = sizeof(env) / sizeof(*env);
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

static void print_rate(unsigned jobs, double usec)
{
    (void)printf("{\"name\": \"rate\", \"unit\": \"jobs/s\", \"samples\": [%.1f]}\n",
                 jobs / (usec / 1e6));
}

/* ------------------------------------------------------------------ many */

static void submit_chunk(struct berth *berth, struct berth_submission *list, size_t n)
{
    struct berth_err err = {0};

    if (berth_submit_many(berth, list, n, &err))
        give_up("submit", err.text);
    for (size_t i = 0; i < n; i++) {
        if (!list[i].job)
            give_up("submit", list[i].words);
        free(list[i].words);
    }
}

static void many(unsigned jobs, unsigned chunk, char *partition, bool held)
{
    struct berth_submission *list = memory(chunk, sizeof(*list));
    struct berth *berth = connected();
    Berth__JobSpec spec;
    double start;

    make_job(&spec, partition);
    spec.hold = held;
    for (unsigned i = 0; i < chunk; i++)
        list[i].spec = &spec;
    start = now_usec();
    for (unsigned done = 0; done < jobs; done += chunk)
        submit_chunk(berth, list, jobs - done < chunk ? jobs - done : chunk);
    print_rate(jobs, now_usec() - start);
    berth_close(berth);
    free(list);
}

/* ------------------------------------------------------------------ sync */

struct submitter {
    pthread_t thread;
    struct berth *berth;
    char *partition;
    double *samples;
    unsigned n;
};

static void *submit_some(void *arg)
{
    const struct submitter *s = arg;
    Berth__JobSpec spec;

    make_job(&spec, s->partition);
    for (unsigned i = 0; i < s->n; i++) {
        Berth__SubmitReply *reply = NULL;
        struct berth_err err = {0};
        double start = now_usec();

        if (berth_submit(s->berth, &spec, NULL, &reply, &err))
            give_up("submit", err.text);
        s->samples[i] = now_usec() - start;
        berth_free(reply);
    }
    return NULL;
}

static void sync_on_each(unsigned jobs, unsigned connections, char *partition)
{
    struct submitter *all = memory(connections, sizeof(*all));
    unsigned each = (jobs + connections - 1) / connections;
    double *samples = memory((size_t)each * connections, sizeof(*samples)), start;

    for (unsigned i = 0; i < connections; i++)
        all[i] = (struct submitter){.berth = connected(),
                                    .partition = partition,
                                    .samples = samples + (size_t)i * each,
                                    .n = each};
    start = now_usec();
    for (unsigned i = 0; i < connections; i++)
        if (pthread_create(&all[i].thread, NULL, submit_some, &all[i]))
            give_up("submit", "no thread");
    for (unsigned i = 0; i < connections; i++)
        (void)pthread_join(all[i].thread, NULL);
    print_rate(each * connections, now_usec() - start);
    print_samples("sync", samples, (size_t)each * connections);
    for (unsigned i = 0; i < connections; i++)
        berth_close(all[i].berth);
    free(samples);
    free(all);
}

int main(int argc, char **argv)
{
    unsigned jobs = argc == 5 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    unsigned width = argc == 5 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;

    if (jobs && width &&
        (strcmp(argv[1], "many") == 0 || strcmp(argv[1], "held") == 0)) {
        many(jobs, width, argv[4], strcmp(argv[1], "held") == 0);
        return 0;
    }
    if (jobs && width && strcmp(argv[1], "sync") == 0) {
        sync_on_each(jobs, width, argv[4]);
        return 0;
    }
    (void)fprintf(stderr, "Usage: bench_submit many|held JOBS CHUNK PARTITION\n"
                          "       bench_submit sync JOBS CONNECTIONS PARTITION\n");
    return 2;
}
