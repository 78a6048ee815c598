/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin.c - the slots of berth/runtime.h: write a bundle, say how it is run
 *
 * crun and runc take the same words, but for two things: crun 1.8 gives up on nodes
 * with both versions of cgroups unless it is told to leave them and sees none; runc
 * needs to see them to know that it has no rights there.
 */
#include <berth/runtime.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define DEFAULT_PROGRAM "crun"

static int refuse(struct berth_runtime_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(struct berth_runtime_err *err, int code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    err->code = code;
    (void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    return -code;
}

static int write_config(const struct berth_runtime_container *c,
                        struct berth_runtime_err *err)
{
    json_t *config = oci_config(c);
    char path[4096];
    int rc;

    if (!config)
        return refuse(err, EILSEQ, "a path or name of the container is not UTF-8");
    if ((size_t)snprintf(path, sizeof(path), "%s/config.json", c->bundle) >=
        sizeof(path)) {
        json_decref(config);
        return refuse(err, ENAMETOOLONG, "%s", c->bundle);
    }
    rc = json_dump_file(config, path, JSON_INDENT(1));
    json_decref(config);
    return rc ? refuse(err, EIO, "%s: cannot be written", path) : 0;
}

static int is_crun(const char *program)
{
    const char *slash = strrchr(program, '/');

    return strstr(slash ? slash : program, "crun") != NULL;
}

/* The words in 'words' (NULL-terminated) as heap strings. */
static char **copy_words(const char *const *words, size_t n)
{
    char **v = calloc(n + 1, sizeof(*v));

    for (size_t i = 0; v && i < n; i++) {
        v[i] = strdup(words[i]);
        if (v[i])
            continue;
        while (i > 0)
            free(v[--i]);
        free(v);
        return NULL;
    }
    return v;
}

static int command_of(const struct berth_runtime_container *c, const char *program,
                      char ***ret, struct berth_runtime_err *err)
{
    char state[4096], kept[32];
    const char *words[16];
    size_t n = 0;

    (void)snprintf(state, sizeof(state), "%s/state", c->bundle);
    (void)snprintf(kept, sizeof(kept), "%u", c->n_kept);
    words[n++] = program;
    words[n++] = "--root";
    words[n++] = state;
    if (is_crun(program))
        words[n++] = "--cgroup-manager=disabled";
    words[n++] = "run";
    words[n++] = "--bundle";
    words[n++] = c->bundle;
    words[n++] = "--preserve-fds";
    words[n++] = kept;
    words[n++] = c->id;
    *ret = copy_words(words, n);
    return *ret ? 0 : refuse(err, ENOMEM, "out of memory");
}

static int prepare(const struct berth_runtime_container *container, char ***ret_argv,
                   int *ret_hide_cgroups, struct berth_runtime_err *err)
{
    const char *program = container->program && *container->program ? container->program
                                                                    : DEFAULT_PROGRAM;
    int rc = write_config(container, err);

    if (!rc)
        rc = command_of(container, program, ret_argv, err);
    *ret_hide_cgroups = is_crun(program);
    return rc;
}

static const struct berth_runtime_ops ops = {.prepare = prepare};

extern const struct berth_runtime_plugin berth_runtime_plugin;

__attribute__((visibility("default")))
const struct berth_runtime_plugin berth_runtime_plugin = {
    .abi = BERTH_RUNTIME_ABI,
    .ops_size = sizeof(ops),
    .name = "oci",
    .summary = "containers made by crun, runc or another program of the OCI's kind",
    .ops = &ops,
};
