/* SPDX-License-Identifier: Apache-2.0
 *
 * image_progress.c - draw the bar of an import on stderr
 */
#include "cli/image_progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/say.h"

#define BAR_WIDTH 30
#define BAR_EVERY 100   /* ms */
#define LINE_EVERY 5000 /* ms */

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void draw_bar(struct image_progress *p, uint64_t done, uint64_t total)
{
    cleanup(freep) char *have = size_format(done);
    cleanup(freep) char *all = total ? size_format(total) : NULL;
    int filled = total && done <= total ? (int)(done * BAR_WIDTH / total) : 0;
    char bar[BAR_WIDTH + 1];

    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '=', (size_t)filled);
    bar[BAR_WIDTH] = '\0';
    if (all)
        (void)fprintf(stderr, "\r\033[K%s [%s] %s of %s", p->what, bar, have, all);
    else
        (void)fprintf(stderr, "\r\033[K%s: %s", p->what, have);
    (void)fflush(stderr);
    p->has_bar = true;
}

static void say_line(const struct image_progress *p, uint64_t done, uint64_t total)
{
    cleanup(freep) char *have = size_format(done);
    cleanup(freep) char *all = total ? size_format(total) : NULL;

    if (all)
        say_info("%s: %s of %s", p->what, have, all);
    else
        say_info("%s: %s", p->what, have);
}

void image_progress_tell(const char *what, uint64_t done, uint64_t total, void *ctx)
{
    struct image_progress *p = ctx;
    bool is_terminal = isatty(STDERR_FILENO);
    int64_t now = now_ms(), every = is_terminal ? BAR_EVERY : LINE_EVERY;
    bool is_new = strncmp(p->what, what, sizeof(p->what) - 1) != 0;

    if (is_new)
        (void)snprintf(p->what, sizeof(p->what), "%s", what);
    /* The first line comes late as well: small images say nothing. */
    if (!p->shown)
        p->shown = now;
    if (now - p->shown < every)
        return;
    p->shown = now;
    if (is_terminal)
        draw_bar(p, done, total);
    else
        say_line(p, done, total);
}

void image_progress_end(struct image_progress *p)
{
    if (p->has_bar)
        (void)fprintf(stderr, "\r\033[K");
    p->has_bar = false;
}
