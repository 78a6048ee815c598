/* SPDX-License-Identifier: Apache-2.0
 *
 * image_progress.c - draw bars of what comes in on stderr
 */
#include "cli/image_progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/units.h"
#include "cli/say.h"

#define BAR_WIDTH 30
#define BAR_EVERY 100   /* ms */
#define LINE_EVERY 5000 /* ms */

static bool is_free(const struct image_progress_part *part)
{
    return !*part->what;
}

/* The part called 'what', a new one when there is room; NULL else. */
static struct image_progress_part *find_part(struct image_progress *p, const char *what)
{
    struct image_progress_part *room = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(p->parts); i++) {
        struct image_progress_part *part = &p->parts[i];

        if (strncmp(part->what, what, sizeof(part->what) - 1) == 0)
            return part;
        if (!part->total)
            part->what[0] = '\0';
        if (!room && is_free(part))
            room = part;
    }
    if (room) {
        (void)snprintf(room->what, sizeof(room->what), "%s", what);
        room->said = clock_ms();
    }
    return room;
}

static void draw_bar(const struct image_progress_part *part)
{
    cleanup(freep) char *have = size_format(part->done);
    cleanup(freep) char *all = part->total ? size_format(part->total) : NULL;
    int filled = part->total ? (int)(part->done * BAR_WIDTH / part->total) : 0;
    char bar[BAR_WIDTH + 1];

    if (!all) {
        (void)fprintf(stderr, "%s: %s\n", part->what, have);
        return;
    }
    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '=', (size_t)(filled < BAR_WIDTH ? filled : BAR_WIDTH));
    bar[BAR_WIDTH] = '\0';
    (void)fprintf(stderr, "%s [%s] %s of %s\n", part->what, bar, have, all);
}

/* Over what is there, from its first line down. */
static void draw_bars(struct image_progress *p)
{
    image_progress_end(p);
    for (size_t i = 0; i < ARRAY_SIZE(p->parts); i++) {
        if (is_free(&p->parts[i]))
            continue;
        draw_bar(&p->parts[i]);
        p->drawn++;
    }
    (void)fflush(stderr);
}

static void say_line(const struct image_progress_part *part)
{
    cleanup(freep) char *have = size_format(part->done);
    cleanup(freep) char *all = part->total ? size_format(part->total) : NULL;

    if (all)
        say_info("%s: %s of %s", part->what, have, all);
    else
        say_info("%s: %s", part->what, have);
}

/* The first words come late, so that small images say nothing. */
void image_progress_tell(const char *what, uint64_t done, uint64_t total, void *ctx)
{
    struct image_progress *p = ctx;
    struct image_progress_part *part = find_part(p, what);
    int64_t now = clock_ms();

    if (!part)
        return;
    part->done = done;
    part->total = total;
    if (!isatty(STDERR_FILENO)) {
        if (now - part->said >= LINE_EVERY) {
            part->said = now;
            say_line(part);
        }
    } else if (p->shown && now - p->shown >= BAR_EVERY) {
        p->shown = now;
        draw_bars(p);
    } else if (!p->shown) {
        p->shown = now;
    }
    if (total && done >= total)
        part->what[0] = '\0';
}

void image_progress_end(struct image_progress *p)
{
    if (p->drawn)
        (void)fprintf(stderr, "\033[%dA\r\033[J", p->drawn);
    p->drawn = 0;
}
