/* SPDX-License-Identifier: Apache-2.0
 *
 * repeat.c - print, pause, print
 */
#include "slurm/repeat.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"

int repeat_set(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    int64_t seconds;
    int rc = number_parse(value, 1, 86400, &seconds, err);

    if (rc == 0)
        *(uint32_t *)(void *)((char *)ctx + opt->offset) = (uint32_t)seconds;
    return rc;
}

int repeat(uint32_t seconds, int (*print)(void *ctx), void *ctx)
{
    for (;;) {
        int status = print(ctx);

        if (!seconds)
            return status;
        printf("\n");
        (void)fflush(stdout);
        sleep(seconds);
    }
}

void repeat_print_moment(void)
{
    time_t now = time(NULL);
    struct tm tm;
    char text[64];

    if (localtime_r(&now, &tm) &&
        strftime(text, sizeof(text), "%a %b %d %H:%M:%S %Y", &tm))
        printf("%s\n", text);
}
