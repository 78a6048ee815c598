/* SPDX-License-Identifier: Apache-2.0
 *
 * push.c - blobs first, then the manifest that names them
 */
#include "registry/push.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "image/digest.h"
#include "image/names.h"
#include "image/oci.h"
#include "image/paths.h"
#include "registry/media.h"
#include "registry/name.h"
#include "registry/session.h"
#include "registry/upload.h"

struct pusher {
    const struct registry_push *push;
    struct image_store *store;
    struct registry_name target;
    struct session *session;
    struct http *http;
    char *manifest_bytes;
    size_t manifest_len;
    struct oci_manifest manifest;
    struct registry_pushed result;
};

void registry_pushed_fini(struct registry_pushed *pushed)
{
    free(pushed->target);
    *pushed = (struct registry_pushed){0};
}

static void pusher_fini(struct pusher *p)
{
    http_closep(&p->http);
    session_closep(&p->session);
    registry_name_fini(&p->target);
    oci_manifest_fini(&p->manifest);
    free(p->manifest_bytes);
    registry_pushed_fini(&p->result);
}

static int check_archives(const struct pusher *p, struct err *err)
{
    for (size_t i = 0; i < p->manifest.n_layers; i++)
        if (!store_has_blob(p->store, p->manifest.layers[i].digest))
            return err_set(err, ENODATA,
                           "%s: the archive of layer %zu was not kept in %s (see "
                           "image.keep_archives): pull or import the image again",
                           p->push->name, i + 1, p->store->path);
    return 0;
}

static int load_image(struct pusher *p, struct err *err)
{
    cleanup(image_freep) struct image *image = NULL;
    cleanup(freep) char *path = NULL;
    int r = image_lookup(p->store, p->push->name, &image, err);

    if (r < 0)
        return r;
    path = store_blob_path(p->store, image->digest);
    memcpy(p->result.digest, image->digest, sizeof(image->digest));
    r = io_read_file(path, BLOB_BYTES_MAX, &p->manifest_bytes, &p->manifest_len, err);
    if (r == 0)
        r = oci_parse_manifest(p->manifest_bytes, p->manifest_len, &p->manifest, err);
    return r < 0 ? r : check_archives(p, err);
}

static int parse_target(struct pusher *p, struct err *err)
{
    int r = registry_name_parse(p->push->ref, &p->target, err);

    if (r < 0)
        return r;
    if (!p->target.host)
        return err_set(err, EINVAL, "'%.80s' names no registry: push to HOST/%.80s",
                       p->push->ref, p->push->ref);
    if (*p->target.digest)
        return err_set(err, EINVAL, "'%.80s': push to a tag, the digest follows",
                       p->push->ref);
    p->result.target = xasprintf("%s/%s:%s", p->target.host, p->target.path,
                                 registry_name_reference(&p->target));
    return 0;
}

/* Does the stored image have the blob? */
static bool image_has(const struct image_store *store, const char *name,
                      const char *digest)
{
    cleanup(oci_manifest_fini) struct oci_manifest manifest = {0};
    char of_name[IMAGE_DIGEST_MAX];

    if (names_read(store, name, of_name, NULL, NULL) < 0 ||
        store_get_manifest(store, of_name, &manifest, NULL) < 0)
        return false;
    for (size_t i = 0; i < manifest.n_layers; i++)
        if (strcmp(manifest.layers[i].digest, digest) == 0)
            return true;
    return false;
}

/* Images that came from the same registry tell where it has the blob already: the
 * path of one, which the caller frees. */
static char *find_origin(const struct pusher *p, const char *digest)
{
    cleanup(strv_freep) char **names = names_list(p->store);

    strv_foreach (name, names) {
        cleanup(registry_name_fini) struct registry_name other = {0};

        if (registry_name_parse(*name, &other, NULL) == 0 && other.host &&
            strcmp(other.host, p->target.host) == 0 &&
            strcmp(other.path, p->target.path) != 0 &&
            image_has(p->store, *name, digest))
            return take(other.path);
    }
    return NULL;
}

static void count(struct pusher *p, enum upload_outcome outcome, uint64_t size)
{
    switch (outcome) {
    case UPLOAD_THERE:
        p->result.n_there++;
        break;
    case UPLOAD_MOUNTED:
        p->result.n_mounted++;
        break;
    case UPLOAD_SENT:
        p->result.n_sent++;
        p->result.sent += size;
        break;
    }
}

static int push_blob(struct pusher *p, const struct oci_descriptor *blob,
                     const char *what, struct err *err)
{
    cleanup(freep) char *from = find_origin(p, blob->digest);
    cleanup(freep) char *own = xasprintf("repository:%s:pull,push", p->target.path);
    cleanup(freep) char *scope =
        from ? xasprintf("%s repository:%s:pull", own, from) : xstrdup(own);
    cleanup(freep) char *file = store_blob_path(p->store, blob->digest);
    const struct upload upload = {
        .session = p->session,
        .http = p->http,
        .scope = scope,
        .path = p->target.path,
        .blob = blob,
        .file = file,
        .from = from,
        .what = what,
        .progress = p->push->progress,
        .ctx = p->push->ctx,
    };
    enum upload_outcome outcome = UPLOAD_THERE;
    int r = upload_blob(&upload, &outcome, err);

    if (r == 0)
        count(p, outcome, blob->size);
    return r;
}

static int push_blobs(struct pusher *p, struct err *err)
{
    size_t n = p->manifest.n_layers;
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        cleanup(freep) char *what = xasprintf("layer %zu/%zu", i + 1, n);

        r = push_blob(p, &p->manifest.layers[i], what, err);
    }
    return r < 0 ? r : push_blob(p, &p->manifest.config, "config", err);
}

static int push_manifest(struct pusher *p, struct err *err)
{
    cleanup(http_response_fini) struct http_response answer = {0};
    cleanup(freep) char *scope = xasprintf("repository:%s:pull,push", p->target.path);
    cleanup(freep) char *type = media_of_manifest(p->manifest_bytes, p->manifest_len);
    cleanup(freep) char *url =
        session_url(p->session, "%s/manifests/%s", p->target.path,
                    registry_name_reference(&p->target));
    struct http_request request = {
        .method = "PUT",
        .url = url,
        .content_type = type,
        .body = p->manifest_bytes,
        .body_len = p->manifest_len,
    };
    char reason[200];
    int r = session_do(p->session, p->http, scope, &request, &answer, err);

    if (r < 0)
        return r;
    session_reason(&answer, reason, sizeof(reason));
    if (answer.status != 201)
        return err_set(err, EPROTO, "registry %s answers %ld to the manifest%s",
                       session_host(p->session), answer.status, reason);
    if (answer.digest && strcmp(answer.digest, p->result.digest) != 0)
        return err_set(err, EBADMSG, "registry %s keeps another manifest: %.80s",
                       session_host(p->session), answer.digest);
    return 0;
}

static int push_image(struct pusher *p, const struct registry_settings *settings,
                      struct err *err)
{
    int r = parse_target(p, err);

    if (r == 0)
        r = load_image(p, err);
    if (r == 0)
        r = session_open(settings, p->target.host, p->target.path, NULL, &p->session,
                         err);
    if (r == 0)
        r = session_connect(p->session, &p->http, err);
    if (r == 0)
        r = push_blobs(p, err);
    return r < 0 ? r : push_manifest(p, err);
}

int registry_push(const struct registry_settings *settings, struct image_store *store,
                  const struct registry_push *push, struct registry_pushed *ret,
                  struct err *err)
{
    cleanup(pusher_fini) struct pusher p = {.push = push, .store = store};
    int r = push_image(&p, settings, err);

    if (r < 0)
        return r;
    *ret = p.result;
    p.result = (struct registry_pushed){0};
    return 0;
}
