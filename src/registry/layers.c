/* SPDX-License-Identifier: Apache-2.0
 *
 * layers.c - a few workers take layers off a list
 */
#include "registry/layers.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "image/layer.h"
#include "image/paths.h"
#include "registry/download.h"

#define WORKERS_MAX 4

struct crew {
    const struct layers_job *job;
    struct layer *layers; /* as in the manifest */
    size_t *order, n;     /* which to take next: the largest first */
    pthread_mutex_t lock; /* for all below */
    size_t next;
    uint64_t fetched;
    struct err failure; /* the first; code 0: none */
};

static void tell(const char *what, uint64_t done, uint64_t total, void *ctx)
{
    struct crew *crew = ctx;

    if (!crew->job->progress)
        return;
    (void)pthread_mutex_lock(&crew->lock);
    crew->job->progress(what, done, total, crew->job->ctx);
    (void)pthread_mutex_unlock(&crew->lock);
}

static bool has_failed(struct crew *crew)
{
    bool failed;

    (void)pthread_mutex_lock(&crew->lock);
    failed = crew->failure.code;
    (void)pthread_mutex_unlock(&crew->lock);
    return failed;
}

/* A blob that came another way (from another node, or with another image). */
static int unpack_blob(struct crew *crew, struct layer_source *source,
                       struct layer *layer, struct err *err)
{
    cleanup(freep) char *path = store_blob_path(crew->job->store, source->digest);
    cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_sys(err, errno, "%s", path);
    source->fd = fd;
    return layer_unpack(crew->job->store, source, layer, err);
}

/* What a download gives, until another layer has failed. */
struct flow {
    struct crew *crew;
    struct download *download;
};

static ssize_t read_flow(void *ctx, void *bytes, size_t len, struct err *err)
{
    struct flow *flow = ctx;

    if (has_failed(flow->crew))
        return err_set(err, ECANCELED, "another layer has failed");
    return download_read(flow->download, bytes, len, err);
}

static int download_layer(struct crew *crew, struct layer_source *source,
                          const struct oci_descriptor *d, struct layer *layer,
                          struct err *err)
{
    const struct layers_job *job = crew->job;
    cleanup(download_closep) struct download *download = NULL;
    struct flow flow = {.crew = crew};
    int r = download_start(job->session, job->scope, job->path, job->store, d,
                           &download, err);

    if (r < 0)
        return r;
    flow.download = download;
    source->read = read_flow;
    source->read_ctx = &flow;
    r = layer_unpack(job->store, source, layer, err);
    /* Bytes that are not what they should be: fetch all of them the next time. */
    if (r == -EBADMSG || r == -EINVAL)
        download_drop(download);
    if (r < 0)
        return r;
    layer->archive = download_take(download);
    (void)pthread_mutex_lock(&crew->lock);
    crew->fetched += d->size;
    (void)pthread_mutex_unlock(&crew->lock);
    return 0;
}

static int fetch_layer(struct crew *crew, size_t i, struct err *err)
{
    const struct layers_job *job = crew->job;
    const struct oci_descriptor *d = &job->documents->manifest.layers[i];
    cleanup(freep) char *what =
        xasprintf("layer %zu/%zu", i + 1, job->documents->manifest.n_layers);
    struct layer_source source = {
        .what = what,
        .total = d->size,
        .digest = d->digest,
        .diff_id = job->documents->config.diff_ids[i],
        .is_stored = true,
        .progress = tell,
        .ctx = crew,
    };

    if (layer_is_here(job->store, d->digest, source.diff_id))
        return 0;
    if (store_has_blob(job->store, d->digest))
        return unpack_blob(crew, &source, &crew->layers[i], err);
    return download_layer(crew, &source, d, &crew->layers[i], err);
}

static bool take_next(struct crew *crew, size_t *ret)
{
    bool is_one;

    (void)pthread_mutex_lock(&crew->lock);
    is_one = crew->next < crew->n && !crew->failure.code;
    if (is_one)
        *ret = crew->order[crew->next++];
    (void)pthread_mutex_unlock(&crew->lock);
    return is_one;
}

static void *work(void *ctx)
{
    struct crew *crew = ctx;
    size_t i;

    while (take_next(crew, &i)) {
        struct err err = {0};

        if (fetch_layer(crew, i, &err) == 0)
            continue;
        (void)pthread_mutex_lock(&crew->lock);
        if (!crew->failure.code)
            crew->failure = err;
        (void)pthread_mutex_unlock(&crew->lock);
    }
    return NULL;
}

static int by_size(const void *a, const void *b, void *ctx)
{
    const struct oci_descriptor *layers = ctx;
    uint64_t x = layers[*(const size_t *)a].size, y = layers[*(const size_t *)b].size;

    return x < y ? 1 : x > y ? -1 : 0;
}

/* The calling thread works as well. */
static void work_together(struct crew *crew)
{
    pthread_t threads[WORKERS_MAX - 1];
    size_t n = 0;

    while (n < ARRAY_SIZE(threads) && n + 1 < crew->n)
        if (pthread_create(&threads[n], NULL, work, crew) == 0)
            n++;
        else
            break;
    (void)work(crew);
    while (n-- > 0)
        (void)pthread_join(threads[n], NULL);
}

/* A layer that comes twice is fetched once. */
static size_t list_once(struct crew *crew)
{
    const struct oci_descriptor *layers = crew->job->documents->manifest.layers;
    size_t n = 0;

    for (size_t i = 0; i < crew->n; i++) {
        bool seen = false;

        for (size_t j = 0; j < n; j++)
            seen |= strcmp(layers[crew->order[j]].digest, layers[i].digest) == 0;
        if (!seen)
            crew->order[n++] = i;
    }
    return n;
}

static int finish(struct crew *crew, size_t n, uint64_t *ret_skipped, struct err *err)
{
    struct image_store *store = crew->job->store;
    int r = 0;

    if (has_failed(crew))
        r = err_set(err, crew->failure.code, "%s", crew->failure.text);
    for (size_t i = 0; i < n && r == 0; i++)
        *ret_skipped += crew->layers[i].skipped;
    /* What came is not kept where archives are not. */
    for (size_t i = 0; i < n && r == 0; i++)
        if (!store->keep_archives && crew->layers[i].archive) {
            (void)unlink(crew->layers[i].archive);
            str_replace(&crew->layers[i].archive, NULL);
        }
    if (r == 0)
        r = layers_publish(store, crew->layers, n, err);
    for (size_t i = 0; i < n; i++)
        layer_fini(&crew->layers[i]);
    return r;
}

int layers_fetch(const struct layers_job *job, uint64_t *ret_skipped,
                 uint64_t *ret_fetched, struct err *err)
{
    size_t n = job->documents->manifest.n_layers;
    cleanup(freep) struct layer *layers = xcalloc(n, sizeof(*layers));
    cleanup(freep) size_t *order = xcalloc(n, sizeof(*order));
    struct crew crew = {.job = job, .layers = layers, .order = order, .n = n};
    int r;

    (void)pthread_mutex_init(&crew.lock, NULL);
    crew.n = list_once(&crew);
    qsort_r(order, crew.n, sizeof(*order), by_size, job->documents->manifest.layers);
    work_together(&crew);
    r = finish(&crew, n, ret_skipped, err);
    *ret_fetched = crew.fetched;
    (void)pthread_mutex_destroy(&crew.lock);
    return r;
}
