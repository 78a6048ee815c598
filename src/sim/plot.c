/* SPDX-License-Identifier: Apache-2.0
 *
 * plot.c - two panels over one axis of time
 */
#include "sim/plot.h"

#include "base/mem.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define WIDTH 1200
#define HEIGHT 620
#define LEFT 90
#define COLUMNS (WIDTH - LEFT - 30) /* of one pixel each */
#define USED_TOP 40
#define USED_HEIGHT 340
#define WAITING_TOP (USED_TOP + USED_HEIGHT + 40)
#define WAITING_HEIGHT 140
#define TICKS 8

struct plot {
    struct canvas *canvas;
    const struct outcome *outcomes;
    size_t n;
    uint64_t procs;
    int64_t begin, end; /* seconds; end is over begin */
};

/* Means over each column. */
struct series {
    double part[COLUMNS + 2];  /* of columns that a span covers in part */
    double delta[COLUMNS + 2]; /* from one column to the next, of those in full */
};

static double column_of(const struct plot *plot, int64_t time)
{
    return COLUMNS * (double)(time - plot->begin) / (double)(plot->end - plot->begin);
}

static void add_span(struct series *series, double from, double to, double weight)
{
    const size_t first = (size_t)from, last = (size_t)to;

    if (first == last) {
        series->part[first] += weight * (to - from);
        return;
    }
    series->part[first] += weight * ((double)first + 1 - from);
    series->part[last] += weight * (to - (double)last);
    series->delta[first + 1] += weight;
    series->delta[last] -= weight;
}

static void finish(struct series *series)
{
    double full = 0;

    for (size_t i = 0; i < COLUMNS; i++) {
        full += series->delta[i];
        series->part[i] += full;
    }
}

/* From few processors to many: blue to red. */
static uint32_t class_colour(size_t size_class)
{
    static const uint32_t colours[] = {0x4575b4, 0x74add1, 0xa6d96a, 0xfee08b, 0xfdae61,
                                       0xf46d43, 0xd73027, 0xa50026, 0x67001f};
    const size_t last = ARRAY_SIZE(colours) - 1;

    return colours[size_class < last ? size_class : last];
}

static void draw_areas(struct plot *plot)
{
    cleanup(freep) struct series *classes = xcalloc(METRICS_SIZES, sizeof(*classes));

    for (size_t i = 0; i < plot->n; i++)
        if (plot->outcomes[i].procs > 0)
            add_span(&classes[metrics_size_class(plot->outcomes[i].procs)],
                     column_of(plot, plot->outcomes[i].start),
                     column_of(plot, plot->outcomes[i].end), plot->outcomes[i].procs);
    for (size_t k = 0; k < METRICS_SIZES; k++)
        finish(&classes[k]);
    for (size_t i = 0; i < COLUMNS; i++) {
        double y = USED_TOP + USED_HEIGHT;

        for (size_t k = 0; k < METRICS_SIZES; k++) {
            const double height =
                USED_HEIGHT * classes[k].part[i] / (double)plot->procs;

            if (height < 1e-6)
                continue;
            y -= height;
            canvas_rect(plot->canvas, LEFT + (double)i, y, 1, height, class_colour(k));
        }
    }
}

static int by_start(const void *a, const void *b)
{
    const struct outcome *x = *(const struct outcome *const *)a,
                         *y = *(const struct outcome *const *)b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return (x > y) - (x < y);
}

/* A bar over neighbouring lanes, with an edge that tells it from the next one. */
static void draw_bar(struct plot *plot, const struct outcome *o, uint64_t first,
                     uint64_t n)
{
    const double lane = USED_HEIGHT / (double)plot->procs;
    const double x = LEFT + column_of(plot, o->start);
    const double width = column_of(plot, o->end) - column_of(plot, o->start);
    const double edge = lane * (double)n > 4 && width > 4 ? 1 : 0;

    canvas_rect(plot->canvas, x, USED_TOP + lane * (double)first, width - edge,
                lane * (double)n - edge, class_colour(metrics_size_class(o->procs)));
}

/* Give the job the first lanes that are free when it starts. */
static void draw_job(struct plot *plot, const struct outcome *o, int64_t *free_at)
{
    uint64_t left = o->procs, run = 0;

    for (uint64_t lane = 0; lane < plot->procs; lane++) {
        const bool taken = left > 0 && free_at[lane] <= o->start;

        if (!taken && run > 0)
            draw_bar(plot, o, lane - run, run);
        run = taken ? run + 1 : 0;
        if (taken) {
            free_at[lane] = o->end;
            left--;
        }
    }
    if (run > 0)
        draw_bar(plot, o, plot->procs - run, run);
}

static void draw_bars(struct plot *plot)
{
    cleanup(freep) const struct outcome **sorted =
        xcalloc(plot->n + 1, sizeof(*sorted));
    cleanup(freep) int64_t *free_at = xcalloc(plot->procs, sizeof(*free_at));

    for (uint64_t lane = 0; lane < plot->procs; lane++)
        free_at[lane] = INT64_MIN;
    for (size_t i = 0; i < plot->n; i++)
        sorted[i] = &plot->outcomes[i];
    qsort(sorted, plot->n, sizeof(*sorted), by_start);
    for (size_t i = 0; i < plot->n; i++)
        if (sorted[i]->procs > 0)
            draw_job(plot, sorted[i], free_at);
}

static void label(struct plot *plot, double y, double value)
{
    cleanup(freep) char *text = xasprintf("%.0f", value);

    canvas_text(plot->canvas, LEFT - 8, y, CANVAS_RIGHT, text);
}

static void draw_waiting(struct plot *plot)
{
    cleanup(freep) struct series *series = xcalloc(1, sizeof(*series));
    double most = 0;

    for (size_t i = 0; i < plot->n; i++)
        if (plot->outcomes[i].procs > 0)
            add_span(series, column_of(plot, plot->outcomes[i].submit),
                     column_of(plot, plot->outcomes[i].start), plot->outcomes[i].procs);
    finish(series);
    for (size_t i = 0; i < COLUMNS; i++)
        most = fmax(most, series->part[i]);
    for (size_t i = 0; i < COLUMNS; i++) {
        const double height = most > 0 ? WAITING_HEIGHT * series->part[i] / most : 0;

        if (height >= 1e-6)
            canvas_rect(plot->canvas, LEFT + (double)i,
                        WAITING_TOP + WAITING_HEIGHT - height, 1, height, 0x8073ac);
    }
    label(plot, WAITING_TOP + 10, most);
    label(plot, WAITING_TOP + WAITING_HEIGHT, 0);
    canvas_text(plot->canvas, LEFT, WAITING_TOP - 8, CANVAS_LEFT,
                "processors that waiting jobs ask for");
}

/* Days when there are some, else hours, else seconds. */
static void draw_time(struct plot *plot)
{
    const double span = (double)(plot->end - plot->begin);
    const double unit = span >= 3 * 86400 ? 86400 : span >= 3 * 3600 ? 3600 : 1;
    const char *words = unit > 3600 ? "days" : unit > 1 ? "hours" : "seconds";
    double step = pow(10, floor(log10(span / unit / TICKS)));

    if (span / unit / step > 5 * TICKS)
        step *= 5;
    else if (span / unit / step > 2 * TICKS)
        step *= 2;
    for (double at = 0; at * unit <= span; at += step) {
        const double x = LEFT + COLUMNS * at * unit / span;
        cleanup(freep) char *text = xasprintf("%g", at);

        canvas_rect(plot->canvas, x, WAITING_TOP + WAITING_HEIGHT, 1, 5, 0x333333);
        canvas_text(plot->canvas, x, WAITING_TOP + WAITING_HEIGHT + 20, CANVAS_MIDDLE,
                    text);
    }
    canvas_text(plot->canvas, LEFT + COLUMNS, WAITING_TOP + WAITING_HEIGHT + 36,
                CANVAS_RIGHT, words);
}

static void draw_axes(struct plot *plot)
{
    const double bottoms[] = {USED_TOP + USED_HEIGHT, WAITING_TOP + WAITING_HEIGHT};
    const double tops[] = {USED_TOP, WAITING_TOP};

    for (size_t i = 0; i < ARRAY_SIZE(tops); i++) {
        canvas_rect(plot->canvas, LEFT - 1, tops[i], 1, bottoms[i] - tops[i], 0x333333);
        canvas_rect(plot->canvas, LEFT - 1, bottoms[i], COLUMNS + 1, 1, 0x333333);
    }
    label(plot, USED_TOP + 10, (double)plot->procs);
    label(plot, USED_TOP + USED_HEIGHT, 0);
    draw_time(plot);
}

/* Which colour is which size, for those that there are. */
static void draw_legend(struct plot *plot)
{
    bool is_there[METRICS_SIZES] = {false};
    double x = LEFT;

    for (size_t i = 0; i < plot->n; i++)
        if (plot->outcomes[i].procs > 0)
            is_there[metrics_size_class(plot->outcomes[i].procs)] = true;
    for (size_t k = 0; k < METRICS_SIZES; k++) {
        cleanup(freep) char *name = metrics_size_name(k);

        if (!is_there[k])
            continue;
        canvas_rect(plot->canvas, x, HEIGHT - 22, 12, 12, class_colour(k));
        canvas_text(plot->canvas, x + 16, HEIGHT - 12, CANVAS_LEFT, name);
        x += 110;
    }
}

static void find_span(struct plot *plot)
{
    plot->begin = INT64_MAX;
    plot->end = INT64_MIN;
    for (size_t i = 0; i < plot->n; i++) {
        if (plot->outcomes[i].procs == 0)
            continue;
        if (plot->outcomes[i].submit < plot->begin)
            plot->begin = plot->outcomes[i].submit;
        if (plot->outcomes[i].end > plot->end)
            plot->end = plot->outcomes[i].end;
    }
    if (plot->begin > plot->end)
        plot->begin = plot->end = 0;
    if (plot->end == plot->begin)
        plot->end++;
}

struct canvas *plot_draw(const struct outcome *outcomes, size_t n, uint64_t procs,
                         const char *title, enum canvas_format format)
{
    struct plot plot = {.canvas = canvas_create(format, WIDTH, HEIGHT),
                        .outcomes = outcomes,
                        .n = n,
                        .procs = procs};

    find_span(&plot);
    if (n <= PLOT_BARS_JOBS && procs <= PLOT_BARS_PROCS)
        draw_bars(&plot);
    else
        draw_areas(&plot);
    draw_waiting(&plot);
    draw_axes(&plot);
    draw_legend(&plot);
    canvas_text(plot.canvas, LEFT, USED_TOP - 10, CANVAS_LEFT, title);
    return plot.canvas;
}
