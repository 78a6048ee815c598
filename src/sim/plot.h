/* SPDX-License-Identifier: Apache-2.0
 *
 * plot.h - the machine over time, as a picture
 *
 * Above, the processors in use: few jobs as bars of their own, many as areas by class
 * of size. Below, the processors that waiting jobs ask for.
 */
#ifndef BERTH_SIM_PLOT_H
#define BERTH_SIM_PLOT_H

#include "sim/canvas.h"
#include "sim/metrics.h"

/* More jobs, or more processors, than this are drawn as areas. */
#define PLOT_BARS_JOBS 1000
#define PLOT_BARS_PROCS 2048

/* Draw 'n' outcomes on a machine of 'procs' processors. The caller destroys it. */
struct canvas *plot_draw(const struct outcome *outcomes, size_t n, uint64_t procs,
                         const char *title, enum canvas_format format);

#endif
