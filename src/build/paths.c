/* SPDX-License-Identifier: Apache-2.0
 *
 * paths.c - put paths together
 */
#include "build/paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"

char *path_inside(const char *cwd, const char *path)
{
    cleanup(freep) char *whole =
        xasprintf("%s/%s", *path == '/' || !cwd ? "" : cwd, path);
    cleanup(strv_freep) char **parts = strv_split(whole, "/");
    cleanup(strv_freep) char **kept = NULL;

    strv_foreach (part, parts) {
        size_t n = strv_len(kept);

        if (strcmp(*part, ".") == 0)
            continue;
        if (strcmp(*part, "..") != 0) {
            strv_add(&kept, *part);
        } else if (n) {
            free(kept[n - 1]);
            kept[n - 1] = NULL;
        }
    }
    return strv_join(kept, "/");
}
