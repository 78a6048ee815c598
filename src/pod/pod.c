/* SPDX-License-Identifier: Apache-2.0
 *
 * pod.c - a pod made and freed; what of it never changes
 */
#include "pod/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pod/notes.h"

size_t pod_container_count(const struct pod *pod)
{
    return pod->n;
}

const struct mf_container *pod_container(const struct pod *pod, size_t i)
{
    return pod->containers[i].spec;
}

size_t pod_find_container(const struct pod *pod, const char *name)
{
    for (size_t i = 0; i < pod->n; i++)
        if (strcmp(pod->containers[i].spec->name, name) == 0)
            return i;
    return SIZE_MAX;
}

const struct mf_probe *pod_probe_of(const struct pod *pod, size_t i,
                                    enum pod_probe probe)
{
    const struct mf_container *spec = pod->containers[i].spec;
    const struct mf_probe *const probes[POD_PROBES] = {
        [POD_STARTUP] = spec->startup,
        [POD_LIVENESS] = spec->liveness,
        [POD_READINESS] = spec->readiness,
    };

    return probes[probe];
}

const struct mf_hook *pod_hook_of(const struct pod *pod, size_t i, enum pod_hook hook)
{
    const struct mf_lifecycle *lifecycle = pod->containers[i].spec->lifecycle;

    if (!lifecycle)
        return NULL;
    return hook == POD_POST_START ? lifecycle->post_start : lifecycle->pre_stop;
}

static void container_init(struct container *c, const struct mf_container *spec,
                           bool is_init)
{
    c->spec = spec;
    c->is_init = is_init;
    c->is_sidecar = is_init && spec->restart == MF_RESTART_ALWAYS;
}

static int64_t or_preset(int64_t said, int64_t preset)
{
    return said ? said : preset;
}

static struct pod_pace pace_of(const struct pod_pace *pace)
{
    struct pod_pace said = pace ? *pace : (struct pod_pace){0};

    return (struct pod_pace){
        .first = or_preset(said.first, 10 * POD_SECOND),
        .most = or_preset(said.most, 300 * POD_SECOND),
        .forget = or_preset(said.forget, 600 * POD_SECOND),
    };
}

struct pod *pod_create(const struct mf_pod *manifest, const struct pod_pace *pace,
                       int64_t now, int64_t epoch)
{
    const struct mf_pod_spec *spec = manifest->spec;
    struct pod *pod = xcalloc(1, sizeof(*pod));

    pod->manifest = manifest;
    pod->pace = pace_of(pace);
    pod->epoch = epoch;
    pod->began_at = now;
    pod->n_init = spec->init.n;
    pod->n = spec->init.n + spec->containers.n;
    pod->ends_by = POD_NEVER;
    pod->containers = xcalloc(pod->n + 1, sizeof(*pod->containers));
    pod->statuses = xcalloc(pod->n + 1, sizeof(*pod->statuses));
    for (size_t i = 0; i < pod->n; i++)
        container_init(&pod->containers[i],
                       i < pod->n_init ? &spec->init.items[i]
                                       : &spec->containers.items[i - pod->n_init],
                       i < pod->n_init);
    return pod;
}

static void container_fini(struct container *c)
{
    free(c->config_words);
    free(c->image.digest);
    free(c->image.words);
    free(c->end.words);
    free(c->last.words);
}

void pod_destroy(struct pod *pod)
{
    if (!pod)
        return;
    for (size_t i = 0; i < pod->n; i++)
        container_fini(&pod->containers[i]);
    notes_fini(&pod->notes);
    free(pod->containers);
    free(pod->statuses);
    free(pod->words);
    free(pod);
}
