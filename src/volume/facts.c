/* SPDX-License-Identifier: Apache-2.0
 *
 * facts.c - fields of a pod and amounts of its containers, as text
 */
#include "volume/facts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"

#define same(a, b) (strcmp(a, b) == 0)

/* ------------------------------------------------------------------ fields */

static const char *value_of(const mf_pairs *pairs, const char *key, size_t len)
{
    for (size_t i = 0; i < pairs->n; i++) {
        const struct mf_pair *pair = &pairs->items[i];

        if (strlen(pair->key) == len && strncmp(pair->key, key, len) == 0)
            return pair->value ? pair->value : "";
    }
    return "";
}

/* As a literal of the language that Kubernetes is written in, which is what programs
 * that read such files expect. */
static void add_quoted(struct strbuf *sb, const char *text)
{
    static const char names[] = "\aa\bb\ff\nn\rr\tt\vv\\\\\"\"";

    strbuf_putc(sb, '"');
    for (; *text; text++) {
        const char *name = names;

        while (*name && *name != *text)
            name += 2;
        if (*name)
            strbuf_printf(sb, "\\%c", name[1]);
        else if ((unsigned char)*text < ' ' || *text == 127)
            strbuf_printf(sb, "\\x%02x", (unsigned int)*text);
        else
            strbuf_putc(sb, *text);
    }
    strbuf_putc(sb, '"');
}

static int by_key(const void *a, const void *b)
{
    const struct mf_pair *x = a, *y = b;

    return strcmp(x->key, y->key);
}

static char *all_pairs(const mf_pairs *pairs)
{
    cleanup(freep) struct mf_pair *sorted = xcalloc(pairs->n + 1, sizeof(*sorted));
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < pairs->n; i++)
        sorted[i] = pairs->items[i];
    qsort(sorted, pairs->n, sizeof(*sorted), by_key);
    for (size_t i = 0; i < pairs->n; i++) {
        strbuf_printf(&sb, "%s%s=", i ? "\n" : "", sorted[i].key);
        add_quoted(&sb, sorted[i].value ? sorted[i].value : "");
    }
    return strbuf_take(&sb);
}

/* "metadata.labels['KEY']": its value; NULL when 'path' is no such thing. */
static const char *subscript(const char *path, const char *of, const mf_pairs *pairs)
{
    size_t len = strlen(of), end = strlen(path);

    if (end < len + 5 || strncmp(path, of, len) != 0 ||
        strncmp(path + len, "['", 2) != 0 || !same(path + end - 2, "']"))
        return NULL;
    return value_of(pairs, path + len + 2, end - len - 4);
}

static const char *metadata(const struct mf_meta *meta, const char *path)
{
    const char *value = subscript(path, "metadata.labels", &meta->labels);

    return value ? value : subscript(path, "metadata.annotations", &meta->annotations);
}

static const char *known_or_empty(const char *text)
{
    return text ? text : "";
}

int pod_field(const struct mf_pod *pod, const struct pod_facts *facts, const char *path,
              char **ret, struct err *err)
{
    const struct mf_meta *meta = facts->meta ? facts->meta : pod->meta;
    const struct {
        const char *path, *value;
    } fields[] = {
        {"metadata.name", known_or_empty(meta->name)},
        {"metadata.namespace", meta->name_space ? meta->name_space : "default"},
        {"metadata.uid", facts->uid},
        {"spec.nodeName", facts->node},
        {"spec.serviceAccountName", facts->user},
        {"status.hostIP", facts->host_ip},
        {"status.hostIPs", facts->host_ip},
        {"status.podIP", facts->pod_ip},
        {"status.podIPs", facts->pod_ip},
    };
    const char *value = metadata(meta, path);

    if (same(path, "metadata.labels") || same(path, "metadata.annotations")) {
        *ret = all_pairs(same(path, "metadata.labels") ? &meta->labels
                                                       : &meta->annotations);
        return 0;
    }
    for (size_t i = 0; !value && i < ARRAY_SIZE(fields); i++) {
        if (!same(path, fields[i].path))
            continue;
        if (!fields[i].value)
            return err_set(err, EAGAIN, "%s is not known yet", path);
        value = fields[i].value;
    }
    if (!value)
        return err_set(err, EINVAL, "the pod has no field '%.64s'", path);
    *ret = xstrdup(value);
    return 0;
}

/* ----------------------------------------------------------------- amounts */

static const struct mf_container *container_of(const struct mf_pod_spec *spec,
                                               const char *name)
{
    for (size_t i = 0; i < spec->containers.n; i++)
        if (same(spec->containers.items[i].name, name))
            return &spec->containers.items[i];
    for (size_t i = 0; i < spec->init.n; i++)
        if (same(spec->init.items[i].name, name))
            return &spec->init.items[i];
    return NULL;
}

static const struct quantity *amount_in(const mf_amounts *amounts, const char *name)
{
    for (size_t i = 0; i < amounts->n; i++)
        if (same(amounts->items[i].resource, name))
            return &amounts->items[i].quantity;
    return NULL;
}

/* What is said; of a limit that is not, what the node has. */
static const struct quantity *find_amount(const struct mf_container *c, bool is_limit,
                                          const char *name,
                                          const struct pod_facts *facts,
                                          struct quantity *node)
{
    const struct quantity *said = NULL;

    if (c->resources)
        said =
            amount_in(is_limit ? &c->resources->limits : &c->resources->requests, name);
    if (said && (said->whole || said->nano))
        return said;
    *node = (struct quantity){0};
    if (is_limit && same(name, "cpu"))
        *node =
            (struct quantity){.whole = facts->node_milli / 1000,
                              .nano = (int32_t)(facts->node_milli % 1000) * 1000000};
    else if (is_limit && same(name, "memory"))
        node->whole = facts->node_memory;
    else if (is_limit && same(name, "ephemeral-storage"))
        node->whole = facts->node_ephemeral;
    return node;
}

/* amount / divisor, rounded up. In thousandths, as cores are counted. */
static int64_t in_units(const struct quantity *amount, const struct quantity *divisor,
                        bool is_milli)
{
    struct quantity one = {.whole = 1};
    const struct quantity *by = divisor->whole || divisor->nano ? divisor : &one;
    int64_t a = is_milli ? quantity_milli(amount) : quantity_units(amount);
    int64_t b = is_milli ? quantity_milli(by) : quantity_units(by);

    return b > 0 ? a / b + (a % b > 0) : a;
}

int pod_amount(const struct mf_pod *pod, const struct pod_facts *facts,
               const struct mf_container *self, const struct mf_resource_ref *ref,
               char **ret, struct err *err)
{
    const char *dot = strchr(ref->resource, '.');
    const struct quantity *amount;
    struct quantity node;
    bool is_limit;

    if (ref->container)
        self = container_of(pod->spec, ref->container);
    if (!self)
        return err_set(err, EINVAL, "the pod has no container '%.64s'",
                       ref->container ? ref->container : "");
    if (!dot)
        return err_set(err, EINVAL, "'%.64s' is no amount", ref->resource);
    is_limit = strncmp(ref->resource, "limits.", 7) == 0;
    amount = find_amount(self, is_limit, dot + 1, facts, &node);
    *ret = xasprintf("%" PRId64, in_units(amount, &ref->divisor, same(dot + 1, "cpu")));
    return 0;
}
