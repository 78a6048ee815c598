/* SPDX-License-Identifier: Apache-2.0
 *
 * images.c - images of other nodes, for those who fetch them
 */
#include "client/images.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "client/handle.h"
#include "wire/pack.h"

struct image_peer {
    struct caller *caller;
    uint64_t last_id;
};

int image_peer_open(struct berth *berth, const char *host, uint16_t port,
                    struct image_peer **ret, struct err *err)
{
    struct caller *caller;
    int rc = handle_connect_node(berth, host, port, &caller, err);

    if (rc < 0)
        return rc;
    *ret = xcalloc(1, sizeof(**ret));
    (*ret)->caller = caller;
    return 0;
}

void image_peer_close(struct image_peer *peer)
{
    if (!peer)
        return;
    caller_destroy(peer->caller);
    free(peer);
}

void image_peer_closep(struct image_peer **peer)
{
    image_peer_close(*peer);
}

static int ask(struct image_peer *peer, Berth__Envelope *request,
               Berth__Envelope__BodyCase want, Berth__Envelope **ret, struct err *err)
{
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    int rc;

    request->id = ++peer->last_id;
    rc = caller_call(peer->caller, request, &reply, err);
    if (rc < 0)
        return rc;
    if (reply->body_case != want)
        return err_set(err, EPROTO, "it answers something else");
    *ret = take(reply);
    return 0;
}

int image_peer_find(struct image_peer *peer, const char *ref, char **ret_digest,
                    bool *ret_coming, struct err *err)
{
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ImageQuery query = BERTH__IMAGE_QUERY__INIT;
    int rc;

    query.ref = (char *)(uintptr_t)ref;
    env.body_case = BERTH__ENVELOPE__BODY_IMAGE_QUERY;
    env.image_query = &query;
    rc = ask(peer, &env, BERTH__ENVELOPE__BODY_IMAGE_FOUND, &reply, err);
    if (rc < 0)
        return rc;
    *ret_digest = xstrdup(reply->image_found->digest);
    *ret_coming = reply->image_found->coming;
    return 0;
}

int image_peer_read(void *ctx, const char *digest, uint64_t offset, void *bytes,
                    size_t max, size_t *ret_n, uint64_t *ret_size, struct err *err)
{
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__BlobRead msg = BERTH__BLOB_READ__INIT;
    const Berth__BlobData *data;
    int rc;

    msg.digest = (char *)(uintptr_t)digest;
    msg.offset = offset;
    msg.max = max < UINT32_MAX ? (uint32_t)max : UINT32_MAX;
    env.body_case = BERTH__ENVELOPE__BODY_BLOB_READ;
    env.blob_read = &msg;
    rc = ask(ctx, &env, BERTH__ENVELOPE__BODY_BLOB_DATA, &reply, err);
    if (rc < 0)
        return rc;
    data = reply->blob_data;
    if (data->data.len > max)
        return err_set(err, EPROTO, "more bytes came than were asked for");
    memcpy(bytes, data->data.data, data->data.len);
    *ret_n = data->data.len;
    *ret_size = data->size;
    return 0;
}
