/* SPDX-License-Identifier: Apache-2.0
 *
 * marks.c - when a file had which size
 */
#include "shepherd/marks.h"

static void thin_out(struct marks *marks)
{
    for (size_t i = 0; i < marks->n / 2; i++)
        marks->v[i] = marks->v[2 * i];
    marks->n /= 2;
    marks->apart = marks->apart ? 2 * marks->apart : 2;
}

void marks_add(struct marks *marks, int64_t time, int64_t size)
{
    const struct mark *last = marks->n ? &marks->v[marks->n - 1] : NULL;

    if (last && (last->size == size || time - last->time < marks->apart))
        return;
    if (marks->n == MARKS_MAX)
        thin_out(marks);
    marks->v[marks->n++] = (struct mark){.time = time, .size = size};
}

int64_t marks_offset(const struct marks *marks, int64_t since)
{
    int64_t offset = 0;

    /* A mark is of any moment of its second, so one of the second that is asked for
     * may hold what was written in it. A file that was begun anew has a smaller size
     * later. */
    for (size_t i = 0; i < marks->n && marks->v[i].time < since; i++)
        offset = marks->v[i].size;
    return offset;
}
