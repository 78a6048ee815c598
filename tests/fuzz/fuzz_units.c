/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_units.c - every parser of units.h on one text; durations round trip
 */
#include "fuzz.h"

#include "base/mem.h"
#include "base/units.h"

static void try_duration(const char *text)
{
    cleanup(freep) char *printed = NULL;
    int64_t seconds, again;

    if (duration_parse(text, &seconds, NULL) < 0)
        return;
    BUG_ON(seconds < 0 && seconds != TIME_UNLIMITED);
    printed = duration_format(seconds);
    BUG_ON(duration_parse(printed, &again, NULL) < 0 || again != seconds);
}

static void try_when(const char *text)
{
    cleanup(freep) char *printed = NULL;
    int64_t when;

    if (when_parse(text, 1700000000, &when, NULL) == 0)
        printed = when_format(when);
}

static void try_size(const char *text)
{
    cleanup(freep) char *printed = NULL;
    uint64_t bytes, again;

    if (size_parse(text, 1 << 20, &bytes, NULL) < 0)
        return;
    printed = size_format(bytes);
    BUG_ON(bytes < UINT64_MAX / 2 && size_parse(printed, 1, &again, NULL) < 0);
}

static void try_numbers(const char *text)
{
    int64_t number;
    uint32_t min, max;
    int signo;

    if (number_parse(text, -5, 70000, &number, NULL) == 0)
        BUG_ON(number < -5 || number > 70000);
    if (count_range_parse(text, &min, &max, NULL) == 0)
        BUG_ON(min < 1 || max < min);
    if (signal_parse(text, &signo, NULL) == 0)
        BUG_ON(signo < 1 || signo > 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);

    try_duration(text);
    try_when(text);
    try_size(text);
    try_numbers(text);
    return 0;
}
