/* SPDX-License-Identifier: Apache-2.0
 *
 * spawn.c - programs that a task wants started
 */
#include "spawn.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TASKS_MAX (1L << 24)
#define NO_KEY ""

struct program {
    char *argv[SPAWN_ARGS + 2]; /* argv[0] is the command */
    size_t n_args;
    char *cwd, *hosts;
    uint32_t n_tasks;
};

struct spawn {
    struct program *programs;
    struct berth_mpi_app *apps; /* views of these */
    size_t n;
    char *key, *info; /* whose value comes next */
    struct text preput;
};

static char *copy(const char *text)
{
    char *s = strdup(text);

    if (!s)
        abort();
    return s;
}

static void replace(char **slot, const char *text)
{
    free(*slot);
    *slot = copy(text);
}

struct spawn *spawn_create(void)
{
    struct spawn *spawn = calloc(1, sizeof(*spawn));

    if (spawn) {
        spawn->programs = calloc(SPAWN_APPS, sizeof(*spawn->programs));
        spawn->apps = calloc(SPAWN_APPS, sizeof(*spawn->apps));
    }
    if (!spawn || !spawn->programs || !spawn->apps)
        abort();
    spawn->key = copy(NO_KEY);
    spawn->info = copy(NO_KEY);
    return spawn;
}

static void program_fini(struct program *program)
{
    for (size_t i = 0; i <= program->n_args; i++)
        free(program->argv[i]);
    free(program->cwd);
    free(program->hosts);
}

void spawn_destroy(struct spawn *spawn)
{
    if (!spawn)
        return;
    for (size_t i = 0; i < spawn->n; i++)
        program_fini(&spawn->programs[i]);
    free(spawn->programs);
    free(spawn->apps);
    free(spawn->key);
    free(spawn->info);
    text_fini(&spawn->preput);
    free(spawn);
}

int spawn_next_program(struct spawn *spawn)
{
    if (spawn->n == SPAWN_APPS)
        return -E2BIG;
    spawn->n++;
    return 0;
}

/* "arg1", "info_key_0": one of these names with a number behind. */
static bool is_numbered(const char *key, const char *one, const char *other)
{
    const char *names[] = {one, other};

    for (int i = 0; i < 2; i++) {
        size_t len = strlen(names[i]);

        if (strncmp(key, names[i], len) == 0 && key[len] >= '0' && key[len] <= '9')
            return true;
    }
    return false;
}

static bool is_one_of(const char *key, const char *one, const char *other)
{
    return strcmp(key, one) == 0 || strcmp(key, other) == 0;
}

static int take_number(struct program *program, const char *value)
{
    char *end;
    long n = strtol(value, &end, 10);

    if (*end || n < 1 || n > TASKS_MAX)
        return -EINVAL;
    program->n_tasks = (uint32_t)n;
    return 0;
}

static int take_argument(struct program *program, const char *value)
{
    if (program->n_args == SPAWN_ARGS)
        return -E2BIG;
    program->argv[++program->n_args] = copy(value);
    return 0;
}

static void take_info(struct program *program, const char *info, const char *value)
{
    if (is_one_of(info, "wdir", "wd"))
        replace(&program->cwd, value);
    else if (is_one_of(info, "host", "hosts"))
        replace(&program->hosts, value);
}

static void take_preput(struct spawn *spawn, const char *value)
{
    text_add(&spawn->preput, spawn->key, strlen(spawn->key) + 1);
    text_add(&spawn->preput, value, strlen(value) + 1);
}

int spawn_take(struct spawn *spawn, const char *key, const char *value)
{
    struct program *now = spawn->n ? &spawn->programs[spawn->n - 1] : NULL;

    if (is_numbered(key, "preput_key_", "ppkey"))
        replace(&spawn->key, value);
    else if (is_numbered(key, "preput_val_", "ppval"))
        take_preput(spawn, value);
    else if (is_numbered(key, "info_key_", "infokey"))
        replace(&spawn->info, value);
    else if (now && is_numbered(key, "info_val_", "infoval"))
        take_info(now, spawn->info, value);
    else if (now && is_one_of(key, "execname", "subcmd"))
        replace(&now->argv[0], value);
    else if (now && is_one_of(key, "nprocs", "maxprocs"))
        return take_number(now, value);
    else if (now && is_numbered(key, "arg", "argv"))
        return take_argument(now, value);
    return 0;
}

int spawn_programs(const struct spawn *spawn, const struct berth_mpi_app **ret_apps,
                   size_t *ret_n)
{
    for (size_t i = 0; i < spawn->n; i++) {
        const struct program *from = &spawn->programs[i];

        if (!from->argv[0] || !from->argv[0][0] || !from->n_tasks)
            return -EINVAL;
        spawn->apps[i] = (struct berth_mpi_app){.argv = (const char *const *)from->argv,
                                                .cwd = from->cwd,
                                                .hosts = from->hosts,
                                                .n_tasks = from->n_tasks};
    }
    *ret_apps = spawn->apps;
    *ret_n = spawn->n;
    return spawn->n ? 0 : -EINVAL;
}

const struct text *spawn_preput(const struct spawn *spawn)
{
    return &spawn->preput;
}
