/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_help.c - berth help, berth version
 */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

const struct command commands[] = {
#define COMMAND(name, fn, help) {#name, fn, help},
#include "cli/commands.def"
#undef COMMAND
    {.name = NULL},
};

int cmd_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("berth %s\n", PACKAGE_VERSION);
    return STATUS_OK;
}

static int help_about(const char *name)
{
    char help[] = "--help";
    char *argv[] = {NULL, NULL, help, NULL};
    char word[32];

    snprintf(word, sizeof(word), "%s", name);
    argv[0] = argv[1] = word;
    return command_main(commands, 3, argv);
}

int cmd_help(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] != '-' && strcmp(argv[1], "help") != 0)
        return help_about(argv[1]);
    printf("Berth runs containers and MPI programs on a cluster.\n\n"
           "Usage: berth COMMAND [options]\n\n");
    for (const struct command *c = commands; c->name; c++)
        printf("  %-9s %s\n", c->name, c->help);
    printf("\nberth COMMAND --help explains a command and shows examples.\n");
    return STATUS_OK;
}
