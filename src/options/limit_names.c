/* SPDX-License-Identifier: Apache-2.0
 *
 * limit_names.c - limits of processes by the names that sbatch(1) has for them
 */
#include "options/limit_names.h"

#include <errno.h>
#include <strings.h>
#include <sys/resource.h>

#include "base/mem.h"

int limit_by_name(const char *name)
{
    static const struct {
        const char *name;
        int resource;
    } limits[] = {
        {"AS", RLIMIT_AS},           {"CORE", RLIMIT_CORE},     {"CPU", RLIMIT_CPU},
        {"DATA", RLIMIT_DATA},       {"FSIZE", RLIMIT_FSIZE},   {"NPROC", RLIMIT_NPROC},
        {"MEMLOCK", RLIMIT_MEMLOCK}, {"NOFILE", RLIMIT_NOFILE}, {"RSS", RLIMIT_RSS},
        {"STACK", RLIMIT_STACK},
    };

    for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
        if (strcasecmp(limits[i].name, name) == 0)
            return limits[i].resource;
    return -EINVAL;
}
