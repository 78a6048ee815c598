/* SPDX-License-Identifier: Apache-2.0
 *
 * rsh.c - berth-rsh, for launchers that start their daemons as ssh would
 *
 * As with ssh the words of the command are put together and given to a shell.
 */
#include "cli/rsh.h"

#include <string.h>

#include "base/mem.h"
#include "base/strv.h"

char **rsh_command(int argc, char *const *argv)
{
    static const char *const srun[] = {"srun", "--external-launcher", "--mpi=none",
                                       "--nodes=1", "--ntasks=1"};
    cleanup(freep) char *words = NULL;
    char **all = NULL;
    const char *host;
    int i = 1;

    while (i < argc && argv[i][0] == '-')
        i++;
    if (i + 1 >= argc)
        return NULL;
    host = strchr(argv[i], '@') ? strchr(argv[i], '@') + 1 : argv[i];
    words = strv_join(argv + i + 1, " ");
    for (size_t w = 0; w < ARRAY_SIZE(srun); w++)
        strv_add(&all, srun[w]);
    strv_take(&all, xasprintf("--nodelist=%s", host));
    strv_add(&all, "/bin/sh");
    strv_add(&all, "-c");
    strv_add(&all, words);
    return all;
}
