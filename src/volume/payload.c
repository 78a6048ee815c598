/* SPDX-License-Identifier: Apache-2.0
 *
 * payload.c - keys and fields become files
 */
#include "volume/payload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "volume/below.h"

#define DEFAULT_MODE 0644

void payload_fini(struct payload *payload)
{
    for (size_t i = 0; i < payload->n; i++)
        free(payload->files[i].own);
    free(payload->files);
    *payload = (struct payload){0};
}

static mode_t mode_of(int64_t own, int64_t volume)
{
    if (own != MF_UNSET)
        return (mode_t)own & 0777;
    return volume != MF_UNSET ? (mode_t)volume & 0777 : DEFAULT_MODE;
}

/* One is the other, or a directory above it. */
static bool collide(const char *a, const char *b)
{
    size_t len = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

    return strncmp(a, b, len) == 0 && (!a[len] || a[len] == '/') &&
           (!b[len] || b[len] == '/');
}

static int add(struct payload *p, struct payload_file file, struct err *err)
{
    int rc = 0;

    if (!below_is_plain(file.path))
        rc = err_set(err, EINVAL, "'%.128s' is no path for a file", file.path);
    for (size_t i = 0; !rc && i < p->n; i++)
        if (collide(p->files[i].path, file.path))
            rc = err_set(err, EINVAL, "'%.128s' and '%.128s' are in each other's way",
                         p->files[i].path, file.path);
    if (rc) {
        free(file.own);
        return rc;
    }
    p->files = xrealloc(p->files, p->n + 1, sizeof(*p->files));
    p->files[p->n++] = file;
    return 0;
}

/* ---------------------------------------------------- ConfigMaps and Secrets */

struct entries {
    const struct data_entry *v;
    size_t n;
};

static int add_items(struct payload *p, const struct mf_data_source *source,
                     const char *kind, const struct entries *entries, int64_t mode,
                     struct err *err)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < source->items.n; i++) {
        const struct mf_item *item = &source->items.items[i];
        const struct data_entry *entry =
            data_entry_find(entries->v, entries->n, item->key);

        if (entry)
            rc = add(p,
                     (struct payload_file){.path = item->path,
                                           .bytes = entry->bytes,
                                           .len = entry->len,
                                           .mode = mode_of(item->mode, mode)},
                     err);
        else if (!source->is_optional)
            rc = err_set(err, ENOENT, "%s '%s' has no key '%s'", kind, source->name,
                         item->key);
    }
    return rc;
}

static int add_all(struct payload *p, const struct entries *entries, int64_t mode,
                   struct err *err)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < entries->n; i++)
        rc = add(p,
                 (struct payload_file){.path = entries->v[i].key,
                                       .bytes = entries->v[i].bytes,
                                       .len = entries->v[i].len,
                                       .mode = mode_of(MF_UNSET, mode)},
                 err);
    return rc;
}

static int add_data(struct payload *p, const struct mf_data_source *source,
                    bool is_secret, int64_t mode, const struct pod_data *data,
                    struct err *err)
{
    const char *kind = is_secret ? "Secret" : "ConfigMap";
    struct entries entries;
    int rc = is_secret ? pod_data_secret(data, source->name, &entries.v, &entries.n)
                       : pod_data_config(data, source->name, &entries.v, &entries.n);

    if (rc)
        return source->is_optional
                   ? 0
                   : err_set(err, ENOENT, "%s '%s' is not there", kind, source->name);
    return source->items.n ? add_items(p, source, kind, &entries, mode, err)
                           : add_all(p, &entries, mode, err);
}

/* ------------------------------------------------------------ fields, amounts */

static int add_downward(struct payload *p, const struct mf_downward *downward,
                        int64_t mode, const struct mf_pod *pod,
                        const struct pod_facts *facts, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < downward->items.n; i++) {
        const struct mf_downward_item *item = &downward->items.items[i];
        struct payload_file file = {.path = item->path,
                                    .mode = mode_of(item->mode, mode)};

        rc = item->field ? pod_field(pod, facts, item->field->path, &file.own, err)
                         : pod_amount(pod, facts, NULL, item->resource, &file.own, err);
        if (rc)
            return rc;
        file.bytes = file.own;
        file.len = strlen(file.own);
        rc = add(p, file, err);
    }
    return rc;
}

/* ------------------------------------------------------------------ a volume */

static int add_projection(struct payload *p, const struct mf_projection *source,
                          int64_t mode, const struct mf_pod *pod,
                          const struct pod_data *data, const struct pod_facts *facts,
                          struct err *err)
{
    if (source->config_map)
        return add_data(p, source->config_map, false, mode, data, err);
    if (source->secret)
        return add_data(p, source->secret, true, mode, data, err);
    return add_downward(p, source->downward, mode, pod, facts, err);
}

static int make(struct payload *p, const struct mf_pod *pod, const struct mf_volume *v,
                const struct pod_data *data, const struct pod_facts *facts,
                struct err *err)
{
    int rc = 0;

    if (v->config_map)
        return add_data(p, v->config_map, false, v->config_map->mode, data, err);
    if (v->secret)
        return add_data(p, v->secret, true, v->secret->mode, data, err);
    if (v->downward)
        return add_downward(p, v->downward, v->downward->mode, pod, facts, err);
    for (size_t i = 0; !rc && i < v->projected->sources.n; i++)
        rc = add_projection(p, &v->projected->sources.items[i], v->projected->mode, pod,
                            data, facts, err);
    return rc;
}

int payload_make(const struct mf_pod *pod, const struct mf_volume *volume,
                 const struct pod_data *data, const struct pod_facts *facts,
                 struct payload *ret, struct err *err)
{
    struct payload p = {0};
    int rc = make(&p, pod, volume, data, facts, err);

    if (rc)
        payload_fini(&p);
    else
        *ret = p;
    return rc;
}
