/* SPDX-License-Identifier: Apache-2.0
 *
 * canvas.h - rectangles and a few words, as SVG or PNG
 */
#ifndef BERTH_SIM_CANVAS_H
#define BERTH_SIM_CANVAS_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum canvas_format { CANVAS_SVG, CANVAS_PNG };

struct canvas;

/* White, 'width' by 'height' pixels, at most 8192 each. */
struct canvas *canvas_create(enum canvas_format format, unsigned int width,
                             unsigned int height);
void canvas_destroy(struct canvas *canvas);

/* Fill a rectangle with 0xRRGGBB. What lies outside is cut off; a PNG has whole
 * pixels, at least one if the size is over 0. */
void canvas_rect(struct canvas *canvas, double x, double y, double width, double height,
                 uint32_t colour);

enum canvas_anchor { CANVAS_LEFT, CANVAS_MIDDLE, CANVAS_RIGHT };
/* Words of height 12 on the line 'y'. A PNG has only figures, drawn in segments as a
 * pocket calculator does; words without any are left out. */
void canvas_text(struct canvas *canvas, double x, double y, enum canvas_anchor anchor,
                 const char *text);

/* Write the whole file. Returns 0 or -EIO with words. */
int canvas_write(struct canvas *canvas, FILE *out, struct err *err);

#endif
