/* SPDX-License-Identifier: Apache-2.0
 *
 * env.c - variables out of objects, fields and amounts
 */
#include "volume/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "spec/object_name.h"

/* Who asks. */
struct asker {
    const struct mf_pod *pod;
    const struct mf_container *container;
    const struct pod_data *data;
    const struct pod_facts *facts;
    char **env, **skipped;
};

/* ----------------------------------------------------------------- envFrom */

/* A variable ends at its first NUL, and names have no '='. */
static bool can_be_variable(const char *name, const struct data_entry *entry)
{
    return env_name_check(name, NULL) == 0 && !memchr(entry->bytes, '\0', entry->len);
}

static void add_all(struct asker *a, const char *prefix,
                    const struct data_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cleanup(freep) char *name =
            xasprintf("%s%s", prefix ? prefix : "", entries[i].key);

        if (entries[i].is_binary)
            continue;
        if (can_be_variable(name, &entries[i]))
            strv_setenv(&a->env, name, entries[i].bytes);
        else
            strv_add(&a->skipped, name);
    }
}

static int add_source(struct asker *a, const struct mf_env_from *from, struct err *err)
{
    const struct mf_name_ref *ref = from->config_map ? from->config_map : from->secret;
    const struct data_entry *entries;
    size_t n;
    int rc = from->config_map ? pod_data_config(a->data, ref->name, &entries, &n)
                              : pod_data_secret(a->data, ref->name, &entries, &n);

    if (rc)
        return ref->is_optional
                   ? 0
                   : err_set(err, ENOENT, "%s '%s' is not there",
                             from->config_map ? "ConfigMap" : "Secret", ref->name);
    add_all(a, from->prefix, entries, n);
    return 0;
}

/* --------------------------------------------------------------------- env */

/* 0 with '*ret' NULL: it is optional, and not there. */
static int key_value(const struct asker *a, const struct mf_key_ref *ref,
                     bool is_secret, char **ret, struct err *err)
{
    const char *kind = is_secret ? "Secret" : "ConfigMap";
    const struct data_entry *entries, *entry;
    size_t n;
    int rc = is_secret ? pod_data_secret(a->data, ref->name, &entries, &n)
                       : pod_data_config(a->data, ref->name, &entries, &n);

    *ret = NULL;
    if (rc)
        return ref->is_optional
                   ? 0
                   : err_set(err, ENOENT, "%s '%s' is not there", kind, ref->name);
    entry = data_entry_find(entries, n, ref->key);
    if (!entry || entry->is_binary)
        return ref->is_optional ? 0
                                : err_set(err, ENOENT, "%s '%s' has no key '%s'", kind,
                                          ref->name, ref->key);
    if (memchr(entry->bytes, '\0', entry->len))
        return err_set(err, EINVAL,
                       "key '%s' of %s '%s' holds a zero byte, which no variable can",
                       ref->key, kind, ref->name);
    *ret = xstrdup(entry->bytes);
    return 0;
}

static int value_from(const struct asker *a, const struct mf_env_source *from,
                      char **ret, struct err *err)
{
    if (from->field)
        return pod_field(a->pod, a->facts, from->field->path, ret, err);
    if (from->resource)
        return pod_amount(a->pod, a->facts, a->container, from->resource, ret, err);
    if (from->secret)
        return key_value(a, from->secret, true, ret, err);
    return key_value(a, from->config_map, false, ret, err);
}

static int add_variable(struct asker *a, const struct mf_env *env, struct err *err)
{
    cleanup(freep) char *value = NULL;
    int rc = 0;

    if (env->from)
        rc = value_from(a, env->from, &value, err);
    else
        value = pod_expand(env->value ? env->value : "", a->env);
    if (rc)
        return err_wrap(err, "variable %s", env->name);
    if (value)
        strv_setenv(&a->env, env->name, value);
    if (value && env->from && env->from->secret)
        explicit_bzero(value, strlen(value));
    return 0;
}

int pod_env_resolve(const struct mf_pod *pod, const struct mf_container *container,
                    const struct pod_data *data, const struct pod_facts *facts,
                    char ***ret_env, char ***ret_skipped, struct err *err)
{
    struct asker a = {.pod = pod, .container = container, .data = data, .facts = facts};
    int rc = 0;

    for (size_t i = 0; !rc && i < container->env_from.n; i++)
        rc = add_source(&a, &container->env_from.items[i], err);
    for (size_t i = 0; !rc && i < container->env.n; i++)
        rc = add_variable(&a, &container->env.items[i], err);
    if (rc) {
        strv_free(a.env);
        strv_free(a.skipped);
        return rc;
    }
    *ret_env = a.env;
    if (ret_skipped)
        *ret_skipped = a.skipped;
    else
        strv_free(a.skipped);
    return 0;
}
