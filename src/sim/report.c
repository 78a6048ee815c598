/* SPDX-License-Identifier: Apache-2.0
 *
 * report.c - figures in rows, and under the keys that scripts read
 */
#include "sim/report.h"

#include "base/mem.h"
#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include <jansson.h>

static double per_second(uint64_t n, double seconds)
{
    return seconds > 0 ? (double)n / seconds : 0;
}

/* ------------------------------------------------------------------ text */

static void print_times(const char *name, const double *seconds, size_t n, FILE *out)
{
    (void)fprintf(out, "%-13s", name);
    for (size_t i = 0; i < n; i++) {
        cleanup(freep) char *text = duration_format(llround(seconds[i]));

        (void)fprintf(out, "  %12s", text);
    }
    (void)fputc('\n', out);
}

static void print_spread(const struct figures *all, FILE *out)
{
    const double waits[] = {all->mean_wait, all->p50_wait, all->p90_wait,
                            all->p95_wait,  all->p99_wait, all->max_wait};

    (void)fprintf(out, "\n%-13s  %12s  %12s  %12s  %12s  %12s  %12s\n", "", "mean",
                  "50 %", "90 %", "95 %", "99 %", "most");
    print_times("wait", waits, ARRAY_SIZE(waits), out);
    (void)fprintf(out, "%-13s  %12.2f  %12.2f  %12.2f  %12.2f  %12.2f  %12.2f\n",
                  "slowdown", all->mean_bsld, all->p50_bsld, all->p90_bsld,
                  all->p95_bsld, all->p99_bsld, all->max_bsld);
}

static void print_classes(const struct metrics *metrics, FILE *out)
{
    (void)fprintf(out, "\n%-13s  %12s  %12s  %12s  %12s  %12s  %12s\n", "processors",
                  "jobs", "work", "mean wait", "99 % wait", "longest", "slowdown");
    for (size_t i = 0; i < METRICS_SIZES; i++) {
        const struct figures *f = &metrics->by_size[i];
        cleanup(freep) char *name = metrics_size_name(i);
        cleanup(freep) char *mean = duration_format(llround(f->mean_wait));
        cleanup(freep) char *p99 = duration_format(llround(f->p99_wait));
        cleanup(freep) char *most = duration_format(llround(f->max_wait));

        if (f->jobs > 0)
            (void)fprintf(out, "%-13s  %12zu  %10.1f %%  %12s  %12s  %12s  %12.2f\n",
                          name, f->jobs, 100 * f->work / fmax(metrics->all.work, 1),
                          mean, p99, most, f->mean_bsld);
    }
}

static void print_skipped(size_t n, const char *why, FILE *out)
{
    if (n > 0)
        (void)fprintf(out, "               %zu %s\n", n, why);
}

static void print_trace(const struct report *report, FILE *out)
{
    const struct trace_counts *counts = report->counts;

    (void)fprintf(out, "trace          %s: %zu jobs\n", report->trace, counts->lines);
    print_skipped(counts->no_run, "left out: no run time is known", out);
    print_skipped(counts->zero_run, "left out: ran for no time", out);
    print_skipped(counts->no_procs, "left out: no size is known", out);
    print_skipped(counts->no_submit, "left out: no submit time is known", out);
    print_skipped(counts->pieces, "left out: pieces of another job", out);
    print_skipped(counts->too_wide, "left out: wider than the machine", out);
    print_skipped(report->refused, "left out: no node of this machine can hold them",
                  out);
    print_skipped(counts->no_request, "ask for their run time: no request is known",
                  out);
    print_skipped(counts->overrun, "ran longer than they asked for", out);
    print_skipped(counts->out_of_order, "stand after a job submitted later", out);
}

void report_print(const struct report *report, FILE *out)
{
    const struct metrics *metrics = &report->metrics;
    cleanup(freep) char *makespan = duration_format(metrics->makespan);
    cleanup(freep) char *rss = size_format(report->peak_rss);

    print_trace(report, out);
    (void)fprintf(out,
                  "machine        %s\n"
                  "policy         %s\n",
                  report->machine, report->policy);
    if (report->windows > 0)
        (void)fprintf(out, "windows        %zu, each figure the mean over them\n",
                      report->windows);
    (void)fprintf(out,
                  "jobs           %zu\n"
                  "makespan       %s\n"
                  "utilisation    %.2f %%\n",
                  metrics->all.jobs, makespan, 100 * metrics->utilisation);
    print_spread(&metrics->all, out);
    if (report->has_recorded) {
        (void)fprintf(out, "\nas it was: utilisation %.2f %% over %zu jobs\n",
                      100 * report->recorded.utilisation, report->recorded.all.jobs);
        print_spread(&report->recorded.all, out);
    }
    print_classes(metrics, out);
    (void)fprintf(
        out,
        "\ntook           %.2f s: %.0f jobs and %.0f decisions a second, %s of "
        "memory\n",
        report->seconds, per_second(metrics->all.jobs, report->seconds),
        per_second(report->decisions, report->seconds), rss);
}

/* ------------------------------------------------------------------ JSON */

static void set_count(json_t *object, const char *key, uint64_t value)
{
    (void)json_object_set_new(object, key, json_integer((json_int_t)value));
}

static void set_real(json_t *object, const char *key, double value)
{
    (void)json_object_set_new(object, key, json_real(value));
}

static void set_figures(json_t *object, const struct figures *f)
{
    set_count(object, "jobs", f->jobs);
    set_real(object, "work", f->work);
    set_real(object, "mean_wait", f->mean_wait);
    set_real(object, "p50_wait", f->p50_wait);
    set_real(object, "p90_wait", f->p90_wait);
    set_real(object, "p95_wait", f->p95_wait);
    set_real(object, "p99_wait", f->p99_wait);
    set_real(object, "max_wait", f->max_wait);
    set_real(object, "mean_response", f->mean_response);
    set_real(object, "max_response", f->max_response);
    set_real(object, "mean_bsld", f->mean_bsld);
    set_real(object, "p50_bsld", f->p50_bsld);
    set_real(object, "p90_bsld", f->p90_bsld);
    set_real(object, "p95_bsld", f->p95_bsld);
    set_real(object, "p99_bsld", f->p99_bsld);
    set_real(object, "max_bsld", f->max_bsld);
}

static json_t *classes_json(const struct metrics *metrics)
{
    json_t *classes = json_array();

    for (size_t i = 0; i < METRICS_SIZES; i++) {
        json_t *object;
        uint32_t least, most;

        if (metrics->by_size[i].jobs == 0)
            continue;
        object = json_object();
        metrics_size_bounds(i, &least, &most);
        set_count(object, "min_procs", least);
        set_count(object, "max_procs", most);
        set_figures(object, &metrics->by_size[i]);
        (void)json_array_append_new(classes, object);
    }
    return classes;
}

static json_t *trace_json(const struct report *report)
{
    const struct trace_counts *counts = report->counts;
    json_t *object = json_object();

    (void)json_object_set_new(object, "file", json_string(report->trace));
    set_count(object, "lines", counts->lines);
    set_count(object, "no_run", counts->no_run);
    set_count(object, "zero_run", counts->zero_run);
    set_count(object, "no_procs", counts->no_procs);
    set_count(object, "no_submit", counts->no_submit);
    set_count(object, "pieces", counts->pieces);
    set_count(object, "too_wide", counts->too_wide);
    set_count(object, "refused", report->refused);
    set_count(object, "no_request", counts->no_request);
    set_count(object, "overrun", counts->overrun);
    set_count(object, "out_of_order", counts->out_of_order);
    return object;
}

static json_t *engine_json(const struct report *report)
{
    json_t *object = json_object();

    set_count(object, "passes", report->passes);
    set_count(object, "decisions", report->decisions);
    set_count(object, "tests", report->tests);
    set_real(object, "seconds", report->seconds);
    set_real(object, "decisions_per_second",
             per_second(report->decisions, report->seconds));
    return object;
}

static json_t *recorded_json(const struct metrics *recorded)
{
    json_t *object = json_object();

    set_figures(object, &recorded->all);
    set_count(object, "makespan", (uint64_t)recorded->makespan);
    set_real(object, "utilisation", recorded->utilisation);
    return object;
}

int report_write_json(const struct report *report, FILE *out, struct err *err)
{
    const struct metrics *metrics = &report->metrics;
    json_t *object = json_object();
    int rc;

    set_figures(object, &metrics->all);
    set_count(object, "makespan", (uint64_t)metrics->makespan);
    set_real(object, "utilisation", metrics->utilisation);
    set_real(object, "jobs_per_second", per_second(metrics->all.jobs, report->seconds));
    set_count(object, "peak_rss", report->peak_rss);
    (void)json_object_set_new(object, "policy", json_string(report->policy));
    (void)json_object_set_new(object, "machine", json_string(report->machine));
    set_count(object, "procs", report->procs);
    set_count(object, "windows", report->windows);
    (void)json_object_set_new(object, "classes", classes_json(metrics));
    if (report->has_recorded)
        (void)json_object_set_new(object, "recorded", recorded_json(&report->recorded));
    (void)json_object_set_new(object, "trace", trace_json(report));
    (void)json_object_set_new(object, "engine", engine_json(report));
    rc = json_dumpf(object, out, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(object);
    if (rc != 0 || fputc('\n', out) == EOF)
        return err_set(err, EIO, "the JSON could not be written");
    return 0;
}
