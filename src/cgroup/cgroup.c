/* SPDX-License-Identifier: Apache-2.0
 *
 * cgroup.c - find the plugin that works here, and call it
 */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/plugin.h"

#define SLOT(name)                                     \
    {                                                  \
#name, offsetof(struct berth_cgroup_ops, name) \
    }

static const struct plugin_slot mandatory[] = {
    SLOT(open),  SLOT(close),  SLOT(make),      SLOT(enter),
    SLOT(doors), SLOT(usage),  SLOT(processes), SLOT(freeze),
    SLOT(kill),  SLOT(remove), SLOT(children),
};

static const struct plugin_kind kind = {
    .prefix = "cgroup_",
    .title = "cgroup",
    .article = "a",
    .symbol = BERTH_CGROUP_SYMBOL,
    .abi = BERTH_CGROUP_ABI,
    .ops_size = sizeof(struct berth_cgroup_ops),
    .mandatory = mandatory,
    .n_mandatory = ARRAY_SIZE(mandatory),
};

_Static_assert(sizeof(struct berth_cgroup_plugin) == sizeof(struct berth_plugin) &&
                   offsetof(struct berth_cgroup_plugin, ops) ==
                       offsetof(struct berth_plugin, ops),
               "a plugin of every kind begins alike");

struct cgroup {
    const struct berth_cgroup_ops *ops;
    void *self;
    struct berth_cgroup_info info;
    char *plugin;
};

static int take_words(int rc, const struct berth_cgroup_err *from, struct err *err)
{
    return rc < 0 ? err_set(err, -rc, "%s", from->text) : 0;
}

static int open_with(const char *plugin, const struct berth_cgroup_settings *settings,
                     struct cgroup **ret, struct err *err)
{
    struct berth_cgroup_err words = {0};
    struct berth_cgroup_info info;
    const void *ops;
    void *self;
    int rc = plugin_load(&kind, plugin, NULL, &ops, err);

    if (rc)
        return rc;
    rc = ((const struct berth_cgroup_ops *)ops)->open(settings, &self, &info, &words);
    if (rc)
        return take_words(rc, &words, err);
    *ret = xcalloc(1, sizeof(**ret));
    (*ret)->ops = ops;
    (*ret)->self = self;
    (*ret)->info = info;
    (*ret)->plugin = xstrdup(plugin);
    return 0;
}

int cgroup_open(const char *plugin, const char *base, const char *name,
                struct cgroup **ret, struct err *err)
{
    const struct berth_cgroup_settings settings = {
        .machine = "", .base = base, .name = name};
    struct err first = {0}, second = {0};

    if (strcmp(plugin, "auto") != 0)
        return open_with(plugin, &settings, ret, err);
    if (!open_with("v2", &settings, ret, &first) ||
        !open_with("v1", &settings, ret, &second))
        return 0;
    return err_set(err, second.code, "%.230s; %.230s", first.text, second.text);
}

/* Joined, but by nobody yet: see cgroup_join_early. */
static struct cgroup *early;

int cgroup_join(const char *plugin, const char *handle, struct cgroup **ret,
                struct err *err)
{
    const struct berth_cgroup_settings settings = {.machine = "", .handle = handle};

    if (early && strcmp(early->plugin, plugin) == 0 &&
        strcmp(early->info.handle, handle) == 0) {
        *ret = take(early);
        return 0;
    }
    return open_with(plugin, &settings, ret, err);
}

void cgroup_join_early(const char *plugin, const char *handle)
{
    (void)cgroup_join(plugin, handle, &early, NULL);
}

int cgroup_join_rest(const char *plugin, const char *handle, struct cgroup **ret,
                     struct err *err)
{
    const struct berth_cgroup_settings settings = {
        .machine = "", .handle = handle, .may_lack = true};

    return open_with(plugin, &settings, ret, err);
}

void cgroup_close(struct cgroup *cg)
{
    if (!cg)
        return;
    cg->ops->close(cg->self);
    free(cg->plugin);
    free(cg);
}

const char *cgroup_plugin(const struct cgroup *cg)
{
    return cg ? cg->plugin : "none";
}

const char *cgroup_handle(const struct cgroup *cg)
{
    return cg ? cg->info.handle : "";
}

const char *cgroup_words(const struct cgroup *cg)
{
    return cg ? cg->info.words : "no control groups";
}

bool cgroup_can(const struct cgroup *cg, enum berth_cgroup_can what)
{
    return cg && (cg->info.can & what) != 0;
}

int cgroup_make(struct cgroup *cg, const char *path,
                const struct berth_cgroup_limits *limits, struct err *err)
{
    struct berth_cgroup_err words = {0};

    return cg ? take_words(cg->ops->make(cg->self, path, limits, &words), &words, err)
              : 0;
}

int cgroup_enter(struct cgroup *cg, const char *path, pid_t pid, struct err *err)
{
    struct berth_cgroup_err words = {0};

    return cg ? take_words(cg->ops->enter(cg->self, path, pid, &words), &words, err)
              : 0;
}

int cgroup_doors(struct cgroup *cg, const char *path, int fds[BERTH_CGROUP_DOORS],
                 struct err *err)
{
    struct berth_cgroup_err words = {0};
    int n = cg ? cg->ops->doors(cg->self, path, fds, &words) : 0;

    return n < 0 ? take_words(n, &words, err) : n;
}

int cgroup_usage(struct cgroup *cg, const char *path, struct berth_cgroup_usage *ret)
{
    return cg ? cg->ops->usage(cg->self, path, ret) : -ENOTSUP;
}

int cgroup_processes(struct cgroup *cg, const char *path, pid_t **ret, size_t *ret_n)
{
    return cg ? cg->ops->processes(cg->self, path, ret, ret_n) : -ENOTSUP;
}

int cgroup_freeze(struct cgroup *cg, const char *path, bool frozen, struct err *err)
{
    struct berth_cgroup_err words = {0};

    if (!cg)
        return err_set(err, ENOTSUP, "this node has no control groups");
    return take_words(cg->ops->freeze(cg->self, path, frozen, &words), &words, err);
}

int cgroup_kill(struct cgroup *cg, const char *path, struct err *err)
{
    struct berth_cgroup_err words = {0};

    return cg ? take_words(cg->ops->kill(cg->self, path, &words), &words, err) : 0;
}

int cgroup_remove(struct cgroup *cg, const char *path, struct err *err)
{
    struct berth_cgroup_err words = {0};

    return cg ? take_words(cg->ops->remove(cg->self, path, &words), &words, err) : 0;
}

char **cgroup_children(struct cgroup *cg, const char *path)
{
    return cg ? cg->ops->children(cg->self, path) : NULL;
}
