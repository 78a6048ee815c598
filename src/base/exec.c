/* SPDX-License-Identifier: Apache-2.0
 *
 * exec.c - try each directory of the path
 */
#include "base/exec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

ON_BORROWED_STACK int exec_in_path(const char *path, char *const *argv,
                                   char *const *env)
{
    char file[4096];
    int code = ENOENT;

    for (const char *dir = path; dir;
         dir = strchr(dir, ':') ? strchr(dir, ':') + 1 : NULL) {
        int len = (int)strcspn(dir, ":");

        if (snprintf(file, sizeof(file), "%.*s/%s", len ? len : 1, len ? dir : ".",
                     argv[0]) >= (int)sizeof(file))
            continue;
        (void)execve(file, argv, env);
        /* A directory of the path that may not be searched is not a program
         * that may not be run. */
        if (errno != ENOENT && errno != ENOTDIR &&
            (errno != EACCES || access(file, F_OK) == 0))
            code = errno;
    }
    return code;
}
