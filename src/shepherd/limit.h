/* SPDX-License-Identifier: Apache-2.0
 *
 * limit.h - a limit of time, with a warning before it
 *
 *     start ----------------------> warning ----> end
 *              <- held: nothing passes ->
 */
#ifndef BERTH_SHEPHERD_LIMIT_H
#define BERTH_SHEPHERD_LIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct limit;

struct limit_plan {
    int64_t seconds;      /* from now to the end; 0 or less: there is none */
    bool warns;           /* ... */
    uint32_t warn_before; /* seconds before the end; at once if that has passed */
    void (*on_warning)(void *ctx);
    void (*on_end)(void *ctx);
    void *ctx;
};

/* Begin. Each function is called once, from the loop, at most. NULL where there is no
 * limit. */
struct limit *limit_start(uv_loop_t *loop, const struct limit_plan *plan);
/* Stop the clock, or let it go on. Said twice it is said once. NULL is fine. */
void limit_hold(struct limit *limit, bool held);
/* End it and free it, also from its own functions. NULL is fine. */
void limit_stop(struct limit *limit);

#endif
