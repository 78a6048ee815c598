/* SPDX-License-Identifier: Apache-2.0
 *
 * progress.c - one line on stderr, drawn over itself
 */
#include "sim/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR_WIDTH 40
#define DRAW_INTERVAL 0.1

double progress_clock(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void progress_begin(struct progress *progress, size_t jobs, bool wanted)
{
    *progress = (struct progress){.jobs = jobs,
                                  .wanted = wanted && isatty(STDERR_FILENO),
                                  .began_at = progress_clock()};
    progress->drawn_at = progress->began_at;
}

static void draw(const struct progress *progress, size_t ended, double took)
{
    static const char hashes[] = "########################################";
    const double share = progress->jobs ? (double)ended / (double)progress->jobs : 1;

    (void)fprintf(stderr, "\r[%-*.*s] %3.0f %%  %.0f jobs/s ", BAR_WIDTH,
                  (int)(share * BAR_WIDTH), hashes, 100 * share, (double)ended / took);
    (void)fflush(stderr);
}

void progress_show(void *ctx, size_t ended, size_t jobs)
{
    struct progress *progress = ctx;
    const double now = progress->wanted ? progress_clock() : 0;

    (void)jobs;
    if (!progress->wanted || now < progress->drawn_at + DRAW_INTERVAL)
        return;
    progress->drawn_at = now;
    progress->shown = true;
    draw(progress, progress->before + ended, now - progress->began_at);
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        (void)fputs("\r\033[K", stderr);
    progress->shown = false;
}
