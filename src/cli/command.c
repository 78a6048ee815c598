/* SPDX-License-Identifier: Apache-2.0
 *
 * command.c - find the command, read its options, print its help
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/units.h"

int opt_limit(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct row_limit *limit = (void *)((char *)ctx + opt->offset);
    int64_t n;
    int rc = number_parse(value, 0, UINT32_MAX, &n, err);

    if (rc == 0)
        *limit = (struct row_limit){.n = (uint32_t)n, .is_given = true};
    return rc;
}

static void print_help(const struct usage *usage, const struct opt *table)
{
    printf("Usage: %s\n\n%s\n\nOptions:\n", usage->synopsis, usage->about);
    opts_print(table, 0, stdout);
    if (usage->examples)
        printf("\nExamples:\n%s", usage->examples);
}

int command_parse(const struct usage *usage, const struct opt *table,
                  enum opts_order order, int argc, char **argv, void *ctx,
                  int *ret_next)
{
    struct err err;
    int rc = opts_parse(table, 0, order, argc, argv, ctx, ret_next, &err);

    if (rc == 0)
        return -1;
    if (rc == -ECANCELED) {
        print_help(usage, table);
        return STATUS_OK;
    }
    say_error("%s", err.text);
    return STATUS_USAGE;
}

static const struct command *find_command(const struct command *table, const char *name)
{
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

/* What people bring along from elsewhere. */
static const char *instead_of(const char *name)
{
    static const char *const words[][2] = {
        {"edit", "change the manifest, and give it again: 'berth apply -f'"},
        {"patch", "change the manifest, and give it again: 'berth apply -f'"},
        {"scale", "sets of pods that stay are not taken yet"},
        {"rollout", "sets of pods that stay are not taken yet"},
        {"expose", "services are not taken yet: 'berth port-forward'"},
        {"cordon", "'berth node drain'"},
        {"uncordon", "'berth node resume'"},
        {"drain", "'berth node drain'"},
        {"api-resources", "'berth explain kinds'"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strcmp(words[i][0], name) == 0)
            return words[i][1];
    return NULL;
}

static int unknown_command(const struct command *table, const char *name)
{
    const char *names[64], *near, *instead = instead_of(name);
    size_t n = 0;

    if (instead) {
        say_error("there is no command %s: %s", name, instead);
        return STATUS_USAGE;
    }
    if (name[0] == '-') {
        say_error("%s: options follow the command, as in 'berth jobs --all'", name);
        return STATUS_USAGE;
    }
    for (; table->name && n < ARRAY_SIZE(names); table++)
        names[n++] = table->name;
    near = nearest_name(name, names, n);
    if (near)
        say_error("unknown command %s: did you mean berth %s?", name, near);
    else
        say_error("unknown command %s: 'berth help' lists them", name);
    return STATUS_USAGE;
}

static int run_named(const struct command *table, const char *name, int argc,
                     char **argv)
{
    const struct command *command = find_command(table, name);
    cleanup(freep) char *speaker = NULL;
    int status;

    if (!command)
        return unknown_command(table, name);
    speaker = xasprintf("berth %s", name);
    say_set_name(speaker);
    status = command->run(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (errno != EPIPE)
            say_error("cannot write the output: %s", strerror(errno));
        status = status ? status : STATUS_FAILED;
    }
    say_set_name("berth");
    return status;
}

int command_main(const struct command *table, int argc, char **argv)
{
    if (argc < 2) {
        run_named(table, "help", 1, argv);
        return STATUS_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return run_named(table, "help", argc - 1, argv + 1);
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return run_named(table, "version", argc - 1, argv + 1);
    return run_named(table, argv[1], argc - 1, argv + 1);
}
