/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c - berth, the command line
 */
#include "cli/command.h"

#include <locale.h>
#include <signal.h>

#include "base/io.h"

int main(int argc, char **argv)
{
    io_open_std();
    setlocale(LC_CTYPE, "");
    /* A reader that went away is an error of the write, handled there. */
    signal(SIGPIPE, SIG_IGN);
    return command_main(commands, argc, argv);
}
