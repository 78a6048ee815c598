/* SPDX-License-Identifier: Apache-2.0
 *
 * deadline.c - until when a caller waits, and the pauses between attempts
 */
#include "client/deadline.h"

#include "base/clock.h"

#include <time.h>

#define RETRY_MAX_MS 2000

int64_t deadline_in(int timeout_ms)
{
    return timeout_ms < 0 ? -1 : clock_ms() + timeout_ms;
}

int deadline_left(int64_t deadline)
{
    int64_t left = deadline - clock_ms();

    if (deadline < 0)
        return -1;
    return left < 0 ? 0 : (int)left;
}

bool deadline_pause(int64_t deadline, int *pause_ms)
{
    int left = deadline_left(deadline), ms = *pause_ms;
    struct timespec ts;

    if (left == 0)
        return false;
    if (left > 0 && left < ms)
        ms = left;
    ts = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    nanosleep(&ts, NULL);
    *pause_ms = ms * 2 < RETRY_MAX_MS ? ms * 2 : RETRY_MAX_MS;
    return true;
}
