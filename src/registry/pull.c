/* SPDX-License-Identifier: Apache-2.0
 *
 * pull.c - find the registry that has it, bring it, give it its name
 */
#include "registry/pull.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "image/commit.h"
#include "image/digest.h"
#include "image/paths.h"
#include "image/pick.h"
#include "image/ref.h"
#include "registry/fetch.h"
#include "registry/layers.h"
#include "registry/name.h"
#include "registry/session.h"

struct puller {
    const struct registry_settings *settings;
    struct image_store *store; /* NULL: only the digest is wanted */
    const struct registry_pull *pull;
    struct registry_name name;
    struct platform platform;
    struct registry_pulled result;
};

void registry_pulled_fini(struct registry_pulled *pulled)
{
    free(pulled->name);
    free(pulled->source);
    *pulled = (struct registry_pulled){0};
}

static int bring(struct puller *p, struct session *session, struct http *http,
                 const char *path, struct err *err)
{
    cleanup(image_documents_fini) struct image_documents documents = {0};
    cleanup(freep) char *scope = xasprintf("repository:%s:pull", path);
    struct layers_job job = {
        .session = session,
        .scope = scope,
        .path = path,
        .store = p->store,
        .documents = &documents,
        .progress = p->pull->progress,
        .ctx = p->pull->ctx,
    };
    char digest[IMAGE_DIGEST_MAX];
    int r =
        fetch_documents(session, http, scope, path, registry_name_reference(&p->name),
                        &p->platform, &documents, err);

    if (r == 0 && !p->store) {
        digest_of(documents.manifest_bytes, documents.manifest_len, p->result.digest);
        return 0;
    }
    if (r == 0)
        r = layers_fetch(&job, &p->result.skipped, &p->result.fetched, err);
    if (r == 0)
        r = store_put_blob(p->store, documents.config_bytes, documents.config_len,
                           digest, err);
    if (r == 0)
        r = store_put_blob(p->store, documents.manifest_bytes, documents.manifest_len,
                           p->result.digest, err);
    return r;
}

/* 'source' is "HOST/PATH". */
static int pull_from(struct puller *p, const char *source, struct err *err)
{
    cleanup(session_closep) struct session *session = NULL;
    cleanup(http_closep) struct http *http = NULL;
    const char *slash = strchr(source, '/');
    cleanup(freep) char *host = NULL;
    int r;

    if (!slash || !registry_host_is_valid(source, (size_t)(slash - source)))
        return err_set(err, EINVAL, "image.mirrors: '%.80s' is no HOST/PATH", source);
    host = xstrndup(source, (size_t)(slash - source));
    r = session_open(p->settings, host, slash + 1, NULL, &session, err);
    if (r == 0)
        r = session_connect(session, &http, err);
    if (r == 0)
        r = bring(p, session, http, slash + 1, err);
    if (r == 0)
        str_replace(&p->result.source, source);
    return r;
}

/* A registry that does not have it, or does not answer, leaves it to the next; one
 * that sends wrong bytes ends it. */
static bool asks_next(int r)
{
    return r == -ENOENT || r == -EACCES || r == -EAGAIN || r == -ECONNREFUSED ||
           r == -EHOSTUNREACH || r == -EPROTO;
}

/* Mirrors first, then the registry itself, whose words count. */
static int pull_host(struct puller *p, const char *host, struct err *err)
{
    cleanup(strv_freep) char **sources =
        settings_sources(p->settings, host, p->name.path);
    int r = 0;

    strv_foreach (source, sources) {
        r = pull_from(p, *source, err);
        if (!asks_next(r))
            return r;
    }
    return r;
}

static int pull_any(struct puller *p, struct err *err)
{
    cleanup(strv_freep) char **hosts = NULL;
    int r;

    if (p->name.host)
        return pull_host(p, p->name.host, err);
    r = settings_search(p->settings, p->pull->ref, &hosts, err);
    if (r < 0)
        return r;
    strv_foreach (host, hosts) {
        r = pull_host(p, *host, err);
        if (!asks_next(r))
            return r;
    }
    return r;
}

static int prepare(struct puller *p, struct err *err)
{
    cleanup(freep) char *local = NULL;
    int r = registry_name_parse(p->pull->ref, &p->name, err);

    if (r == 0 && p->pull->platform)
        r = platform_parse(p->pull->platform, &p->platform, err);
    else
        p->platform = platform_here();
    if (r < 0)
        return r;
    local = registry_name_local(&p->name);
    return ref_normalise(p->pull->name ? p->pull->name : local, &p->result.name, err);
}

static int pull_into_store(struct puller *p, struct err *err)
{
    cleanup(closep) int lock = -1;
    mode_t before;
    int r = store_lock(p->store, LOCK_SH, &lock, err);

    if (r < 0)
        return r;
    /* Directories that an archive only implies are everybody's to read. */
    before = umask(022);
    r = pull_any(p, err);
    if (r == 0)
        r = commit_name(p->store, lock, p->result.name, p->result.digest, err);
    (void)umask(before);
    return r;
}

int registry_pull(const struct registry_settings *settings, struct image_store *store,
                  const struct registry_pull *pull, struct registry_pulled *ret,
                  struct err *err)
{
    struct puller p = {.settings = settings, .store = store, .pull = pull};
    int r = prepare(&p, err);

    if (r == 0)
        r = pull_into_store(&p, err);
    registry_name_fini(&p.name);
    if (r < 0) {
        registry_pulled_fini(&p.result);
        return r;
    }
    *ret = p.result;
    return 0;
}

int registry_resolve(const struct registry_settings *settings, const char *ref,
                     char ret_digest[IMAGE_DIGEST_MAX], struct err *err)
{
    const struct registry_pull pull = {.ref = ref};
    struct puller p = {.settings = settings, .pull = &pull};
    int r = prepare(&p, err);

    if (r == 0)
        r = pull_any(&p, err);
    if (r == 0)
        memcpy(ret_digest, p.result.digest, sizeof(p.result.digest));
    registry_name_fini(&p.name);
    registry_pulled_fini(&p.result);
    return r;
}
