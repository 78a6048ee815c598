/* SPDX-License-Identifier: Apache-2.0
 *
 * images.c - give images of this node to other nodes, and to people
 *
 * Who asks has proven who he is, and gets what he could read himself: the images
 * of his own store and of the site's. It is read in libuv's pool, in his name; a
 * home directory on a dead file server holds up those threads and not us.
 */
#include "node/node.h"

#include "base/log.h"
#include "base/mem.h"
#include "image/serve.h"
#include "image/where.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define JOBS_MAX 256
#define BYTES_MAX (1U << 20)

struct image_job {
    uv_work_t work;
    struct node *node;
    struct channel *from; /* NULL: nobody waits any more */
    uint64_t id;
    uid_t uid;
    gid_t gid;
    char *ref; /* NULL: a part of the blob 'digest' */
    char digest[IMAGE_DIGEST_MAX];
    bool is_coming;
    uint64_t offset, size;
    size_t max, n;
    uint8_t *bytes;
    int rc;
    struct err err;
    struct image_job *next;
};

static void job_free(struct image_job *job)
{
    free(job->ref);
    free(job->bytes);
    free(job);
}

void images_channel_gone(struct node *node, struct channel *ch)
{
    for (struct image_job *job = node->image_jobs; job; job = job->next)
        if (job->from == ch)
            job->from = NULL;
}

/* ------------------------------------------------------------- in the pool */

/* The user's own store here; NULL when there is no such account. Root's is the
 * site's. */
static char *own_store(const struct image_job *job)
{
    struct passwd pw, *found = NULL;
    char buffer[4096];
    struct image_where where = {.node = job->node->self->name};

    if (job->uid == 0 ||
        getpwuid_r(job->uid, &pw, buffer, sizeof(buffer), &found) != 0 || !found)
        return NULL;
    where.home = pw.pw_dir;
    where.user = pw.pw_name;
    return image_where(job->node->image_stores[1], &where);
}

static int do_job(struct image_job *job, const struct image_reader *reader)
{
    struct err err;
    int rc;

    if (job->ref)
        rc = image_serve_find(reader, job->ref, job->digest, &job->is_coming, &err);
    else
        rc = image_serve_read(reader, job->digest, job->offset, job->bytes, job->max,
                              &job->n, &job->size, &err);
    if (rc < 0 && (rc != -ENOENT || !job->rc))
        job->err = err;
    return rc;
}

static void work(uv_work_t *req)
{
    struct image_job *job = req->data;
    cleanup(freep) char *own = own_store(job);
    struct image_reader reader = {own, job->uid, job->gid, job->uid};

    if (own)
        job->rc = do_job(job, &reader);
    if (own && (job->rc == 0 || job->is_coming))
        return;
    reader.store = job->node->image_stores[0];
    reader.owner = (uid_t)-1;
    job->rc = do_job(job, &reader);
}

/* --------------------------------------------------------------- on the loop */

static void answer(struct image_job *job)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ImageFound found = BERTH__IMAGE_FOUND__INIT;
    Berth__BlobData data = BERTH__BLOB_DATA__INIT;

    env.id = job->id;
    if (job->rc < 0 && !job->is_coming) {
        channel_reply_status(job->from, &env, -job->rc, job->err.text);
        return;
    }
    env.reply = true;
    if (job->ref) {
        found.digest = job->digest;
        found.coming = job->is_coming;
        env.body_case = BERTH__ENVELOPE__BODY_IMAGE_FOUND;
        env.image_found = &found;
    } else {
        data.data.data = job->bytes;
        data.data.len = job->n;
        data.size = job->size;
        env.body_case = BERTH__ENVELOPE__BODY_BLOB_DATA;
        env.blob_data = &data;
    }
    channel_send(job->from, &env);
}

static void after_work(uv_work_t *req, int status)
{
    struct image_job *job = req->data;

    (void)status;
    LL_DELETE(job->node->image_jobs, job);
    job->node->n_image_jobs--;
    if (job->from)
        answer(job);
    job_free(job);
}

static void begin(struct node *node, struct channel *from, const Berth__Envelope *env,
                  struct image_job *job)
{
    const struct peer *peer = channel_peer(from);

    if (node->n_image_jobs == JOBS_MAX) {
        channel_reply_status(from, env, EAGAIN, "too many others ask for images");
        job_free(job);
        return;
    }
    job->work.data = job;
    job->node = node;
    job->from = from;
    job->id = env->id;
    job->uid = peer->uid;
    job->gid = peer->gid;
    LL_PREPEND(node->image_jobs, job);
    node->n_image_jobs++;
    (void)uv_queue_work(node->loop, &job->work, work, after_work);
}

void image_query(struct node *node, struct channel *from, const Berth__Envelope *env)
{
    struct image_job *job = xcalloc(1, sizeof(*job));

    job->ref = xstrdup(env->image_query->ref);
    begin(node, from, env, job);
}

void blob_read(struct node *node, struct channel *from, const Berth__Envelope *env)
{
    const Berth__BlobRead *msg = env->blob_read;
    struct image_job *job;

    if (strlen(msg->digest) >= sizeof(job->digest)) {
        channel_reply_status(from, env, EINVAL, "no digest");
        return;
    }
    job = xcalloc(1, sizeof(*job));
    memcpy(job->digest, msg->digest, strlen(msg->digest) + 1);
    job->offset = msg->offset;
    job->max = msg->max < BYTES_MAX ? msg->max : BYTES_MAX;
    job->bytes = xmalloc(job->max ? job->max : 1);
    begin(node, from, env, job);
}
