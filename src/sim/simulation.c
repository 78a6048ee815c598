/* SPDX-License-Identifier: Apache-2.0
 *
 * simulation.c - read, replay, judge, write
 */
#include "sim/simulation.h"

#include "base/mem.h"
#include "sim/journal.h"
#include "sim/plot.h"
#include "sim/progress.h"
#include "sim/report.h"
#include "sim/run_options.h"
#include "sim/schedule.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

struct run {
    const struct sim_usage *usage;
    struct run_options *options;
    const char *path;
    struct replay_options replay;
    struct machine machine;
    struct trace trace;
    struct progress progress;
    FILE *schedule;
    char *policy, *machine_words;
    struct metrics *each; /* of the windows */
    struct report report;
};

static void run_fini(struct run *run)
{
    trace_fini(&run->trace);
    machine_fini(&run->machine);
    free(run->policy);
    free(run->machine_words);
    free(run->each);
    if (run->schedule)
        (void)fclose(run->schedule);
}

/* ------------------------------------------------------------- before */

static bool ends_in(const char *path, const char *suffix)
{
    const size_t len = strlen(path), n = strlen(suffix);

    return len >= n && strcasecmp(path + len - n, suffix) == 0;
}

static int check(const struct run *run, struct err *err)
{
    const struct run_options *options = run->options;

    if (options->cluster && options->procs > 0)
        return err_set(err, EINVAL, "--procs and --cluster: say one of them");
    if (options->plot && !ends_in(options->plot, ".svg") &&
        !ends_in(options->plot, ".png"))
        return err_set(err, EINVAL, "--plot=%s: the name ends neither in .svg nor .png",
                       options->plot);
    if (options->plot && options->n_windows > 1)
        return err_set(err, EINVAL,
                       "--plot: there is one picture, not one for each of "
                       "%zu windows",
                       options->n_windows);
    return 0;
}

static int read_trace(struct run *run, struct err *err)
{
    struct lines *lines;
    int rc;

    if (run->options->is_journal)
        return journal_read(run->path, &run->options->rules, &run->trace, err);
    rc = lines_open(run->path, &lines, err);
    if (rc)
        return rc;
    rc = trace_read(lines, &run->options->rules, &run->trace, err);
    lines_close(lines);
    return rc;
}

static int build_flat(struct run *run, struct err *err)
{
    const struct swf_header *header = &run->trace.header;
    const int64_t found = header->max_procs ? header->max_procs : header->max_nodes;

    if (run->options->procs == 0 && (found <= 0 || found > TRACE_PROCS_MAX))
        return err_set(err, EINVAL,
                       "%s: its header does not say how many processors there are: "
                       "use --procs=N",
                       run->path);
    machine_flat(&run->machine,
                 run->options->procs ? run->options->procs : (uint32_t)found);
    run->machine_words = xasprintf("%" PRIu64 " processors", run->machine.procs);
    return 0;
}

static int build_cluster(struct run *run, struct err *err)
{
    const int rc = machine_load(run->options->cluster, &run->machine, err);

    if (rc)
        return rc;
    run->machine_words =
        xasprintf("%s: %zu nodes, %" PRIu64 " cores", run->options->cluster,
                  run->machine.n_nodes, run->machine.procs);
    return run->machine.n_nodes > 0
               ? 0
               : err_set(err, EINVAL, "%s: there are no nodes", run->options->cluster);
}

static int settle_windows(struct run *run, struct err *err)
{
    struct run_options *options = run->options;

    if (run->trace.n == 0)
        return err_set(err, EINVAL, "%s: there is no job that could run", run->path);
    run->report.windows = options->n_windows;
    if (options->n_windows == 0) {
        options->windows[0] = (struct run_window){0, run->trace.n};
        options->n_windows = 1;
    }
    for (size_t i = 0; i < options->n_windows; i++)
        if (options->windows[i].first + options->windows[i].n > run->trace.n)
            return err_set(err, EINVAL,
                           "--window=%zu:%zu: %s has %zu jobs that can run",
                           options->windows[i].first, options->windows[i].n, run->path,
                           run->trace.n);
    return 0;
}

static int prepare(struct run *run, struct err *err)
{
    int rc = read_trace(run, err);

    if (rc == 0)
        rc = run->options->cluster ? build_cluster(run, err) : build_flat(run, err);
    if (rc)
        return rc;
    trace_drop_wide(&run->trace, run->machine.procs > TRACE_PROCS_MAX
                                     ? TRACE_PROCS_MAX
                                     : (uint32_t)run->machine.procs);
    if (run->options->load > 0)
        trace_scale_load(&run->trace, run->options->load);
    return settle_windows(run, err);
}

static int open_schedule(struct run *run, struct err *err)
{
    if (!run->options->schedule_out)
        return 0;
    run->schedule = fopen(run->options->schedule_out, "we");
    if (!run->schedule)
        return err_sys(err, errno, "%s", run->options->schedule_out);
    run->replay.keep_places = run->options->cluster != NULL;
    schedule_write_header(run->policy, run->machine.procs, run->schedule);
    return 0;
}

/* ---------------------------------------------------------------- during */

static int draw(const struct run *run, const struct replay_result *result,
                struct err *err)
{
    const char *path = run->options->plot;
    cleanup(freep) char *title = xasprintf("%s, %s, %s: processors in use", run->path,
                                           run->machine_words, run->policy);
    struct canvas *canvas =
        plot_draw(result->outcomes, result->n_jobs, run->machine.procs, title,
                  ends_in(path, ".png") ? CANVAS_PNG : CANVAS_SVG);
    FILE *out = fopen(path, "we");
    int rc = out ? canvas_write(canvas, out, err) : -errno;

    if (!out || (fclose(out) != 0 && rc == 0))
        rc = err_sys(err, errno, "%s", path);
    canvas_destroy(canvas);
    return rc;
}

static int simulate(struct run *run, size_t window, struct err *err)
{
    const struct run_window *range = &run->options->windows[window];
    const struct trace_job *jobs = run->trace.jobs + range->first;
    struct replay_result result = {0};
    const double began = progress_clock();
    int rc = replay_run(&run->machine, jobs, range->n, &run->replay, &result, err);

    if (rc)
        return rc;
    run->report.seconds += progress_clock() - began;
    run->report.passes += result.passes;
    run->report.decisions += result.decisions;
    run->report.tests += result.tests;
    run->report.refused += result.refused;
    run->progress.before += range->n;
    metrics_of(result.outcomes, range->n, run->machine.procs, &run->each[window]);
    if (run->schedule)
        schedule_write(jobs, result.outcomes, result.places, range->n, run->schedule);
    if (run->options->plot)
        rc = draw(run, &result, err);
    replay_result_fini(&result);
    return rc;
}

static int simulate_all(struct run *run, struct err *err)
{
    size_t jobs = 0;
    int rc = 0;

    for (size_t i = 0; i < run->options->n_windows; i++)
        jobs += run->options->windows[i].n;
    progress_begin(&run->progress, jobs, !run->options->quiet);
    run->replay.progress = progress_show;
    run->replay.progress_ctx = &run->progress;
    run->each = xcalloc(run->options->n_windows, sizeof(*run->each));
    for (size_t i = 0; rc == 0 && i < run->options->n_windows; i++)
        rc = simulate(run, i, err);
    progress_end(&run->progress);
    return rc;
}

/* ----------------------------------------------------------------- after */

static int close_schedule(struct run *run, struct err *err)
{
    FILE *schedule = take(run->schedule);
    int failed;

    if (!schedule)
        return 0;
    failed = ferror(schedule);
    if (fclose(schedule) != 0 || failed)
        return err_sys(err, errno ? errno : EIO, "%s", run->options->schedule_out);
    return 0;
}

static int write_json(const struct run *run, struct err *err)
{
    const bool to_stdout = strcmp(run->options->json, "-") == 0;
    FILE *out = to_stdout ? stdout : fopen(run->options->json, "we");
    int rc;

    if (!out)
        return err_sys(err, errno, "%s", run->options->json);
    rc = report_write_json(&run->report, out, err);
    if (to_stdout ? fflush(out) != 0 : fclose(out) != 0)
        rc = err_sys(err, errno, "%s", run->options->json);
    return rc;
}

/* How it was, of the jobs whose wait is known and that are replayed here. */
static void judge_record(struct run *run)
{
    cleanup(freep) struct outcome *outcomes = xcalloc(run->trace.n, sizeof(*outcomes));

    for (size_t i = 0; i < run->trace.n; i++) {
        const struct trace_job *job = &run->trace.jobs[i];

        if (job->wait < 0)
            continue;
        outcomes[i] = (struct outcome){.submit = job->submit,
                                       .start = job->submit + job->wait,
                                       .end = job->submit + job->wait + job->run,
                                       .procs = job->procs};
        run->report.has_recorded = true;
    }
    if (run->report.has_recorded)
        metrics_of(outcomes, run->trace.n, run->machine.procs, &run->report.recorded);
}

static int report(struct run *run, struct err *err)
{
    struct rusage usage_now;
    const char *json = run->options->json;

    metrics_mean(run->each, run->options->n_windows, &run->report.metrics);
    if (run->report.windows == 0 && run->options->load == 0)
        judge_record(run);
    (void)getrusage(RUSAGE_SELF, &usage_now);
    run->report.peak_rss = (uint64_t)usage_now.ru_maxrss * 1024;
    run->report.trace = run->path;
    run->report.policy = run->policy;
    run->report.machine = run->machine_words;
    run->report.procs = run->machine.procs;
    run->report.counts = &run->trace.counts;
    if (!run->options->quiet && !(json && strcmp(json, "-") == 0))
        report_print(&run->report, stdout);
    return json ? write_json(run, err) : 0;
}

static int run_trace(struct run *run)
{
    struct err err = {0};
    int rc = check(run, &err);

    if (rc == 0)
        rc = run_options_replay(run->options, &run->replay, &err);
    if (rc)
        return sim_fail(run->usage, SIM_USAGE, "%s", err.text);
    run->policy = run_options_words(run->options);
    rc = prepare(run, &err);
    if (rc == 0)
        rc = open_schedule(run, &err);
    if (rc == 0)
        rc = simulate_all(run, &err);
    if (rc == 0)
        rc = close_schedule(run, &err);
    if (rc == 0)
        rc = report(run, &err);
    return rc ? sim_fail(run->usage, SIM_FAILED, "%s", err.text) : SIM_OK;
}

int simulate_with(const struct sim_usage *usage, struct run_options *options,
                  const char *path)
{
    struct run run = {.usage = usage, .options = options, .path = path};
    const int status = run_trace(&run);

    run_fini(&run);
    return status;
}
