/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c - berth-sim: find the command and run it
 */
#include "base/io.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "sim/command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"run", cmd_run, "replay a recorded workload under a policy"},
    {"replay", cmd_replay, "the same with a cluster's own jobs, beside how it was"},
    {"generate", cmd_generate, "make a synthetic workload, or a cluster"},
};

static int print_help(FILE *out, int status)
{
    (void)fputs(
        "Usage: berth-sim COMMAND [options]\n"
        "What would this workload do under that policy? The engine that runs the\n"
        "cluster, on virtual time.\n\n"
        "Commands:\n",
        out);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        (void)fprintf(out, "  %-10s  %s\n", commands[i].name, commands[i].help);
    (void)fputs("\n'berth-sim COMMAND --help' says more. See berth-sim(1).\n", out);
    return status;
}

static int unknown(const char *name)
{
    const char *names[ARRAY_SIZE(commands)], *near;

    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        names[i] = commands[i].name;
    near = nearest_name(name, names, ARRAY_SIZE(names));
    if (near)
        (void)fprintf(stderr, "berth-sim: unknown command %s: did you mean %s?\n", name,
                      near);
    else
        (void)fprintf(stderr,
                      "berth-sim: unknown command %s: 'berth-sim --help' lists them\n",
                      name);
    return SIM_USAGE;
}

int main(int argc, char **argv)
{
    io_open_std();
    /* A reader that went away is an error of the write, handled there. */
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2)
        return print_help(stderr, SIM_USAGE);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return print_help(stdout, SIM_OK);
    if (strcmp(argv[1], "--version") == 0) {
        printf("berth-sim %s\n", PACKAGE_VERSION);
        return SIM_OK;
    }
    return unknown(argv[1]);
}
