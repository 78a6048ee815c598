/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c - berth, the command line, by its own name or by one of Slurm's
 */
#include <signal.h>

#include "base/io.h"
#include "cli/command.h"
#include "cli/inside.h"
#include "slurm/slurm.h"

int main(int argc, char **argv)
{
    const struct slurm_command *named = argc > 0 ? slurm_command_of(argv[0]) : NULL;
    int status;

    io_open_std();
    /* A reader that went away is an error of the write, handled there. */
    signal(SIGPIPE, SIG_IGN);
    status = named ? -1 : inside_main(argc, argv);
    if (status >= 0)
        return status;
    return named ? slurm_run(named, argc, argv) : command_main(commands, argc, argv);
}
