/* SPDX-License-Identifier: Apache-2.0
 *
 * runtime.c - who makes a container: Berth itself, or a program that a plugin knows
 */
#include "shepherd/runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/plugin.h"
#include "base/strv.h"
#include "container/external.h"

static const struct plugin_slot mandatory[] = {
    {"prepare", offsetof(struct berth_runtime_ops, prepare)},
};

static const struct plugin_kind runtime_kind = {
    .prefix = "runtime_",
    .title = "runtime",
    .article = "a",
    .symbol = BERTH_RUNTIME_SYMBOL,
    .abi = BERTH_RUNTIME_ABI,
    .ops_size = sizeof(struct berth_runtime_ops),
    .mandatory = mandatory,
    .n_mandatory = ARRAY_SIZE(mandatory),
};

_Static_assert(sizeof(struct berth_runtime_plugin) == sizeof(struct berth_plugin) &&
                   offsetof(struct berth_runtime_plugin, ops) ==
                       offsetof(struct berth_plugin, ops),
               "a plugin of every kind begins alike");

static const char *init_program(void)
{
    const char *path = getenv("BERTH_INIT");

    return path ? path : BERTH_LIBEXECDIR "/berth-init";
}

static int ask(const struct berth_runtime_ops *ops, struct external *external,
               struct runtime *runtime, struct err *err)
{
    struct berth_runtime_err words = {.code = EIO};
    int hide_cgroups = 0;

    if (ops->prepare(&external->container, &runtime->argv, &hide_cgroups, &words) < 0)
        return err_set(err, words.code, "%s", words.text);
    runtime->external = (struct container_external){
        .argv = runtime->argv, .log = runtime->log, .hide_cgroups = hide_cgroups};
    return 0;
}

static int prepare(const struct runtime_choice *choice, struct container_spec *spec,
                   struct runtime *runtime, struct err *err)
{
    static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    const void *ops;
    struct external external;
    int rc = plugin_load(&runtime_kind, choice->name, NULL, &ops, err);

    if (!rc)
        rc = external_describe(spec, init_program(), choice->bundle, &external, err);
    if (rc)
        return rc;
    external.container.id = choice->id;
    external.container.program = choice->program;
    external.container.env = env;
    runtime->log = xasprintf("%s/log", choice->bundle);
    rc = ask(ops, &external, runtime, err);
    external_fini(&external);
    return rc;
}

int runtime_choose(const struct runtime_choice *choice, struct container_spec *spec,
                   struct runtime *ret, struct err *err)
{
    int rc;

    *ret = (struct runtime){.argv = NULL};
    if (strcmp(choice->name, "native") == 0 || !spec->n_layers)
        return 0;
    rc = prepare(choice, spec, ret, err);
    if (rc) {
        runtime_fini(ret);
        return err_wrap(err, "--runtime=%s", choice->name);
    }
    ret->external.uid = spec->as_root ? 0 : geteuid();
    ret->external.gid = spec->as_root ? 0 : getegid();
    spec->external = &ret->external;
    return 0;
}

void runtime_fini(struct runtime *runtime)
{
    strv_free(runtime->argv);
    free(runtime->log);
    *runtime = (struct runtime){.argv = NULL};
}
