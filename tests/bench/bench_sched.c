/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_sched.c - what the scheduling engine's decisions cost, without a controller
 *
 *     bench_sched queue NODES JOBS    a full cluster with JOBS waiting: one pass that
 *                                     tests all of them, and one after one job's end
 *     bench_sched unlike NODES JOBS   the same where memory is what is full, and no two
 *                                     jobs ask for as much
 *     bench_sched stream NODES JOBS   JOBS arrive, run and end in virtual time; cores
 *                                     are counted, not chosen, as in the simulator
 *
 * Nodes are 2 packages of 16 cores, 40 under a switch. Jobs ask for 1 core to 64
 * nodes, 5 minutes to 2 days; the same seed each time. Prints one JSON object; times
 * are processor time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/mem.h"
#include "base/strv.h"
#include "sched/sched.h"

#define PER_SWITCH 40
#define CORES 32
#define MEMORY 131072
#define DECISIONS 256

struct event {
    int64_t time;
    uint32_t job;
};

struct world {
    struct sched *sched;
    struct node_topo *topo;
    uint64_t seed;
    uint32_t n_nodes, next_job;
    int64_t now;
    struct event *ends; /* heap */
    size_t n_ends, cap_ends;
    int64_t *run_of; /* by job */
    bool is_unlike;
};

static void die(const char *words)
{
    (void)fprintf(stderr, "bench_sched: %s\n", words);
    exit(1);
}

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static uint32_t next_random(struct world *w, uint32_t below)
{
    w->seed = w->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(w->seed >> 33) % below;
}

/* ---------------------------------------------------------------- cluster */

static struct switch_def *switches_of(uint32_t n_nodes, size_t *ret_n)
{
    size_t leaves = (n_nodes + PER_SWITCH - 1) / PER_SWITCH;
    struct switch_def *defs = xcalloc(leaves + 1, sizeof(*defs));
    for (size_t i = 0; i < leaves; i++) {
        size_t first = i * PER_SWITCH, last = first + PER_SWITCH - 1;
        last = last < n_nodes ? last : n_nodes - 1;
        defs[i].name = xasprintf("leaf%zu", i);
        defs[i].nodes = xasprintf("n[%zu-%zu]", first, last);
    }
    defs[leaves].name = xstrdup("top");
    defs[leaves].switches = xasprintf("leaf[0-%zu]", leaves - 1);
    *ret_n = leaves + 1;
    return defs;
}

static void make_cluster(struct world *w, bool numbers_only)
{
    struct err err;
    size_t n_defs;
    struct switch_def *defs = switches_of(w->n_nodes, &n_defs);
    char **names = xcalloc(w->n_nodes + 1, sizeof(*names));
    struct bitset *all = bitset_create(w->n_nodes);
    for (uint32_t i = 0; i < w->n_nodes; i++)
        names[i] = xasprintf("n%u", i);
    bitset_set_range(all, 0, w->n_nodes);
    struct sched_partition partition = {
        .name = "batch", .nodes = all, .time_max = -1, .up = true};
    struct sched_options options = sched_options_default;
    options.numbers_only = numbers_only;
    if (node_topo_load("synthetic:pack:2 core:16 pu:1", &w->topo, NULL, &err) < 0 ||
        sched_create(&options, defs, n_defs, (const char *const *)names, w->n_nodes,
                     &partition, 1, &w->sched, &err) < 0)
        die(err.text);
    for (uint32_t i = 0; i < w->n_nodes; i++) {
        sched_node_set(w->sched, i, w->topo, MEMORY);
        sched_node_up(w->sched, i, true);
    }
    bitset_destroy(all);
    strv_free(names);
    free(defs);
}

/* ------------------------------------------------------------------- jobs */

static struct sched_request random_request(struct world *w)
{
    static const uint32_t minutes[] = {5,   10,  15,  30,   60,  120,
                                       240, 480, 720, 1440, 2880};
    struct sched_request req = {.job = ++w->next_job,
                                .partition = "batch",
                                .uid = 1000 + next_random(w, 200),
                                .submit_time = w->now,
                                .eligible_time = w->now};
    req.time_limit = 60 * (int64_t)minutes[next_random(w, ARRAY_SIZE(minutes))];
    if (w->is_unlike) {
        req.place.tasks = req.place.nodes_min = req.place.nodes_max = 1;
        req.place.mem_per_node = MEMORY / 2 + 1 + next_random(w, MEMORY / 2);
    } else if (next_random(w, 100) < 40) {
        req.place.tasks = 1u << next_random(w, 5);
        req.place.nodes_max = 1;
        req.place.nodes_min = 1;
        req.place.mem_per_cpu = next_random(w, 2) ? 2048 : 0;
    } else {
        req.place.nodes_min = req.place.nodes_max = 1u << next_random(w, 7);
        req.place.tasks_per_node = CORES;
    }
    req.place.cpus_per_task = 1;
    return req;
}

static void submit(struct world *w)
{
    struct sched_request req = random_request(w);
    struct err err;
    if (sched_add(w->sched, &req, &err) < 0)
        die(err.text);
    w->run_of[req.job] = 1 + next_random(w, (uint32_t)req.time_limit);
}

static void push_end(struct world *w, int64_t time, uint32_t job)
{
    if (w->n_ends == w->cap_ends) {
        w->cap_ends = w->cap_ends ? 2 * w->cap_ends : 1024;
        w->ends = xrealloc(w->ends, w->cap_ends, sizeof(*w->ends));
    }
    size_t i = w->n_ends++;
    for (; i > 0 && w->ends[(i - 1) / 2].time > time; i = (i - 1) / 2)
        w->ends[i] = w->ends[(i - 1) / 2];
    w->ends[i] = (struct event){.time = time, .job = job};
}

static struct event pop_end(struct world *w)
{
    struct event first = w->ends[0], last = w->ends[--w->n_ends];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < w->n_ends; i = child) {
        child += child + 1 < w->n_ends && w->ends[child + 1].time < w->ends[child].time;
        if (w->ends[child].time >= last.time)
            break;
        w->ends[i] = w->ends[child];
    }
    w->ends[i] = last;
    return first;
}

static size_t pass(struct world *w)
{
    struct sched_decision decisions[DECISIONS];
    size_t started = 0;
    bool more;
    do {
        size_t n = sched_pass(w->sched, w->now, decisions, DECISIONS, 0, &more);
        for (size_t i = 0; i < n; i++) {
            uint32_t job = decisions[i].id.job;
            push_end(w, w->now + w->run_of[job], job);
            place_result_destroy(decisions[i].where);
        }
        started += n;
    } while (more);
    return started;
}

/* --------------------------------------------------------------- measuring */

static int compare_doubles(const void *pa, const void *pb)
{
    double a = *(const double *)pa, b = *(const double *)pb;
    return (a > b) - (a < b);
}

static long peak_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

static void end_one(struct world *w)
{
    struct event event = pop_end(w);
    w->now = event.time > w->now ? event.time : w->now;
    sched_ended(w->sched, SCHED_JOB(event.job), w->now);
}

#define FULL_PASSES 5
#define SINGLE_ENDS 1000

static void measure_queue(struct world *w, uint32_t jobs)
{
    double full[FULL_PASSES], single[SINGLE_ENDS], began = cpu_ms();
    size_t ends = 0;
    for (uint32_t i = 0; i < jobs; i++)
        submit(w);
    double added = cpu_ms() - began;
    began = cpu_ms();
    size_t started = pass(w);
    double fill = cpu_ms() - began;
    for (size_t i = 0; i < started; i++)
        submit(w);
    pass(w);
    for (size_t i = 0; i < FULL_PASSES; i++) {
        /* A node that went away and came back: all have to be tested again. */
        sched_node_up(w->sched, 0, false);
        sched_node_up(w->sched, 0, true);
        w->now++;
        began = cpu_ms();
        pass(w);
        full[i] = cpu_ms() - began;
    }
    for (; ends < SINGLE_ENDS && w->n_ends > 0; ends++) {
        end_one(w);
        began = cpu_ms();
        pass(w);
        single[ends] = cpu_ms() - began;
    }
    struct sched_counts counts;
    sched_counts(w->sched, &counts);
    qsort(full, FULL_PASSES, sizeof(double), compare_doubles);
    qsort(single, ends, sizeof(double), compare_doubles);
    printf("{\"nodes\": %u, \"waiting\": %llu, \"running\": %llu, \"classes\": %llu, "
           "\"add_ms\": %.3f, \"fill_ms\": %.3f, \"full_pass_ms\": %.3f, "
           "\"decision_ms\": %.4f, \"decision_p99_ms\": %.4f, \"peak_mb\": %ld}\n",
           w->n_nodes, (unsigned long long)counts.waiting,
           (unsigned long long)counts.running, (unsigned long long)counts.classes,
           added, fill, full[FULL_PASSES / 2], single[ends / 2],
           single[ends * 99 / 100], peak_mb());
}

/* So many arrive in a second that the cluster is about full. */
static int64_t interarrival_ms(const struct world *w)
{
    /* A job takes about 7 nodes for 5 hours in the mean. */
    int64_t node_ms = INT64_C(7) * 5 * 3600 * 1000;
    return node_ms / w->n_nodes + 1;
}

static void measure_stream(struct world *w, uint32_t jobs)
{
    int64_t gap = interarrival_ms(w), at_ms = 0;
    uint32_t arrived = 0;
    double began = cpu_ms();
    while (arrived < jobs || w->n_ends > 0) {
        if (arrived < jobs && (w->n_ends == 0 || at_ms / 1000 < w->ends[0].time)) {
            w->now = at_ms / 1000;
            for (; arrived < jobs && at_ms / 1000 == w->now; at_ms += gap, arrived++)
                submit(w);
        } else {
            int64_t when = w->ends[0].time;
            while (w->n_ends > 0 && w->ends[0].time == when)
                end_one(w);
        }
        pass(w);
    }
    double took = cpu_ms() - began;
    struct sched_counts counts;
    sched_counts(w->sched, &counts);
    printf("{\"nodes\": %u, \"jobs\": %u, \"seconds\": %.3f, \"us_per_job\": %.2f, "
           "\"passes\": %llu, \"decisions\": %llu, \"peak_mb\": %ld}\n",
           w->n_nodes, jobs, took / 1e3, took * 1e3 / jobs,
           (unsigned long long)counts.passes, (unsigned long long)counts.decisions,
           peak_mb());
}

int main(int argc, char **argv)
{
    struct world w = {.seed = 1};
    if (argc != 4)
        die("usage: bench_sched queue|unlike|stream NODES JOBS");
    w.n_nodes = (uint32_t)strtoul(argv[2], NULL, 10);
    uint32_t jobs = (uint32_t)strtoul(argv[3], NULL, 10);
    if (w.n_nodes < PER_SWITCH || jobs == 0)
        die("at least 40 nodes and one job");
    w.run_of = xcalloc(2 * (size_t)jobs + 1, sizeof(*w.run_of));
    w.is_unlike = strcmp(argv[1], "unlike") == 0;
    bool is_queue = w.is_unlike || strcmp(argv[1], "queue") == 0;
    make_cluster(&w, !is_queue);
    if (is_queue)
        measure_queue(&w, jobs);
    else if (strcmp(argv[1], "stream") == 0)
        measure_stream(&w, jobs);
    else
        die("usage: bench_sched queue|unlike|stream NODES JOBS");
    sched_destroy(w.sched);
    node_topo_destroy(w.topo);
    free(w.ends);
    free(w.run_of);
    return 0;
}
