/* SPDX-License-Identifier: Apache-2.0
 *
 * duration.c - read a time in Go's form
 */
#include "build/duration.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define YEAR_NS (366 * 24 * 3600 * 1e9)

static const struct {
    const char *name;
    double ns;
} units[] = {{"ns", 1},  {"us", 1e3},     {"ms", 1e6},
             {"s", 1e9}, {"m", 60 * 1e9}, {"h", 3600 * 1e9}};

static double unit_of(const char *text, size_t len)
{
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (strlen(units[i].name) == len && memcmp(text, units[i].name, len) == 0)
            return units[i].ns;
    }
    return 0;
}

int go_duration_parse(const char *text, int64_t *ret)
{
    double total = 0;

    if (strcmp(text, "0") == 0) {
        *ret = 0;
        return 0;
    }
    if (!*text || strlen(text) > 40)
        return -EINVAL;
    while (*text) {
        size_t digits = strspn(text, "0123456789.");
        size_t letters = strspn(text + digits, "hmnsu");
        double unit = unit_of(text + digits, letters);

        if (!isdigit((unsigned char)*text) || unit <= 0)
            return -EINVAL;
        total += strtod(text, NULL) * unit;
        text += digits + letters;
        if (total > YEAR_NS)
            return -EINVAL;
    }
    *ret = (int64_t)total;
    return 0;
}
