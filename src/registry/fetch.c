/* SPDX-License-Identifier: Apache-2.0
 *
 * fetch.c - index, manifest, configuration
 */
#include "registry/fetch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "image/digest.h"
#include "registry/catalogue.h"
#include "registry/media.h"

#define INDEX_DEPTH_MAX 2

/* Where we ask. */
struct place {
    struct session *session;
    struct http *http;
    const char *scope, *path;
};

void image_documents_fini(struct image_documents *d)
{
    free(d->manifest_bytes);
    free(d->config_bytes);
    oci_manifest_fini(&d->manifest);
    oci_config_fini(&d->config);
    *d = (struct image_documents){0};
}

static int no_such_tag(const struct place *p, const char *reference, struct err *err)
{
    cleanup(strv_freep) char **tags = NULL;
    const char *near = NULL;

    if (catalogue_tags(p->session, p->http, p->path, &tags, NULL) == 0 && tags)
        near = nearest_name(reference, (const char *const *)tags, strv_len(tags));
    if (near)
        return err_set(err, ENOENT,
                       "registry %s has no tag '%s' of %s: did you mean '%s'?",
                       session_host(p->session), reference, p->path, near);
    return err_set(err, ENOENT, "registry %s has no %s%s%s", session_host(p->session),
                   p->path, digest_is_valid(reference) ? "@" : ":", reference);
}

static int get(const struct place *p, const char *kind, const char *reference,
               const char *accept, struct http_response *answer, struct err *err)
{
    cleanup(freep) char *url =
        session_url(p->session, "%s/%s/%s", p->path, kind, reference);
    struct http_request request = {.url = url, .accept = accept};
    char reason[200];
    int r = session_do(p->session, p->http, p->scope, &request, answer, err);

    if (r < 0 || answer->status == 200)
        return r;
    if (answer->status == 404)
        return no_such_tag(p, reference, err);
    session_reason(answer, reason, sizeof(reason));
    return err_set(err, is_transient(0, answer->status) ? EAGAIN : EPROTO,
                   "registry %s answers %ld for %s%s", session_host(p->session),
                   answer->status, p->path, reason);
}

/* The bytes must be those that were named, by us or by the index. */
static int check(const struct http_response *answer, const char *digest,
                 const uint64_t *size, char ret_digest[IMAGE_DIGEST_MAX],
                 struct err *err)
{
    digest_of(answer->body.s ? answer->body.s : "", answer->body.len, ret_digest);
    if (size && *size != answer->body.len)
        return err_set(err, EBADMSG,
                       "document %s has %zu bytes, its descriptor says %" PRIu64,
                       digest, answer->body.len, *size);
    if (digest && strcmp(digest, ret_digest) != 0)
        return err_set(err, EBADMSG, "digest does not match: expected %s, found %s",
                       digest, ret_digest);
    return 0;
}

static int no_such_platform(const struct oci_index *index,
                            const struct platform *platform, struct err *err)
{
    cleanup(strbuf_fini) struct strbuf list = STRBUF_INIT;
    cleanup(freep) char *wanted = platform_format(platform);

    for (size_t i = 0; i < index->n_manifests; i++) {
        const struct oci_descriptor *d = &index->manifests[i];

        /* Attestations beside images call themselves unknown. */
        if (d->os && d->arch && strcmp(d->os, "unknown") != 0)
            strbuf_printf(&list, "%s%.16s/%.16s%s%.16s", list.len ? ", " : "", d->os,
                          d->arch, d->variant ? "/" : "", d->variant ? d->variant : "");
    }
    return err_set(err, ENOENT, "there is no image for %s, only for %.300s", wanted,
                   list.len ? list.s : "no platform at all");
}

/* The first that fits; those that say no platform at all come last. */
static int choose(const struct oci_index *index, const struct platform *platform,
                  const struct oci_descriptor **ret, struct err *err)
{
    const struct oci_descriptor *any = NULL;

    for (size_t i = 0; i < index->n_manifests; i++) {
        const struct oci_descriptor *d = &index->manifests[i];

        if (!d->arch)
            any = any ? any : d;
        else if (platform_fits(platform, d->os, d->arch, d->variant)) {
            *ret = d;
            return 0;
        }
    }
    if (!any)
        return no_such_platform(index, platform, err);
    *ret = any;
    return 0;
}

static int take_manifest(struct http_response *answer, struct image_documents *ret,
                         struct err *err)
{
    int r = oci_parse_manifest(answer->body.s, answer->body.len, &ret->manifest, err);

    if (r == 0)
        r = media_check_parts(&ret->manifest, err);
    ret->manifest_len = answer->body.len;
    ret->manifest_bytes = strbuf_take(&answer->body);
    return r;
}

/* 'd' is the descriptor that led here, NULL at first. */
static int fetch_manifest(const struct place *p, const char *reference,
                          const struct oci_descriptor *d,
                          const struct platform *platform, int depth,
                          struct image_documents *ret, struct err *err)
{
    cleanup(http_response_fini) struct http_response answer = {0};
    cleanup(oci_index_fini) struct oci_index index = {0};
    const char *digest = digest_is_valid(reference) ? reference : NULL;
    const struct oci_descriptor *next = NULL;
    enum media_kind kind = MEDIA_MANIFEST;
    int r = get(p, "manifests", reference, MEDIA_ACCEPT, &answer, err);

    if (r == 0)
        r = check(&answer, digest, d ? &d->size : NULL, ret->digest, err);
    if (r == 0)
        r = media_judge(answer.type, answer.body.s, answer.body.len, &kind, err);
    if (r == 0 && d && d->media_type)
        r = media_judge(d->media_type, answer.body.s, answer.body.len, &kind, err);
    if (r < 0)
        return r;
    if (kind == MEDIA_MANIFEST)
        return take_manifest(&answer, ret, err);
    if (depth == INDEX_DEPTH_MAX)
        return err_set(err, EINVAL, "indexes are nested too deep");
    r = oci_parse_index(answer.body.s, answer.body.len, &index, err);
    if (r == 0)
        r = choose(&index, platform, &next, err);
    if (r < 0)
        return r;
    return fetch_manifest(p, next->digest, next, platform, depth + 1, ret, err);
}

static int check_platform(const struct oci_config *config,
                          const struct platform *platform, struct err *err)
{
    cleanup(freep) char *wanted = platform_format(platform);

    if (platform_fits(platform, config->os, config->arch, NULL))
        return 0;
    return err_set(err, EINVAL, "the image is for %.32s/%.32s, not %s",
                   config->os && *config->os ? config->os : "linux", config->arch,
                   wanted);
}

static int fetch_config(const struct place *p, const struct platform *platform,
                        struct image_documents *ret, struct err *err)
{
    cleanup(http_response_fini) struct http_response answer = {0};
    const struct oci_descriptor *d = &ret->manifest.config;
    char found[IMAGE_DIGEST_MAX];
    int r = get(p, "blobs", d->digest, NULL, &answer, err);

    if (r == 0)
        r = check(&answer, d->digest, &d->size, found, err);
    if (r == 0)
        r = oci_parse_config(answer.body.s, answer.body.len, &ret->config, err);
    if (r < 0)
        return err_wrap(err, "the image's config");
    ret->config_len = answer.body.len;
    ret->config_bytes = strbuf_take(&answer.body);
    r = oci_check_layers(ret->manifest.n_layers, &ret->config, err);
    return r < 0 ? r : check_platform(&ret->config, platform, err);
}

int fetch_documents(struct session *session, struct http *http, const char *scope,
                    const char *path, const char *reference,
                    const struct platform *platform, struct image_documents *ret,
                    struct err *err)
{
    const struct place p = {
        .session = session, .http = http, .scope = scope, .path = path};
    int r = fetch_manifest(&p, reference, NULL, platform, 0, ret, err);

    return r < 0 ? r : fetch_config(&p, platform, ret, err);
}
