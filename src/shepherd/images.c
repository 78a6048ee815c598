/* SPDX-License-Identifier: Apache-2.0
 *
 * images.c - find a job's images here, and get them to its nodes
 *
 * The lead knows for each image which nodes of the allocation have it. Those of
 * which it does not know are asked once, all at the same time, down a tree of the
 * nodes' daemons (see src/node/spread.c); who does not have it fetches it from the
 * node above. A store that all nodes see needs none of this.
 */
#include "shepherd/images.h"

#include "base/bitset.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "image/where.h"
#include "wire/pack.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <utlist.h>

#define FANOUT 16 /* where the node does not say */

enum sharing { SHARING_LOOK, SHARING_YES, SHARING_NO };

/* One image, and the nodes (of the grant's placement) that have it. */
struct held {
    char *digest;
    struct bitset *nodes;
    struct bitset *brought; /* of them, those we have got it to, when any had to */
    Berth__ImageHeld message;
    struct held *next;
};

/* A request that has not been answered. */
struct want {
    struct lead *lead;
    struct held *held;
    struct bitset *nodes;
    Berth__ContainerSpec *spec;
    images_ready_fn *fn;
    void *ctx;
    bool is_asked;
    struct want *next;
};

struct images {
    struct held *held;
    struct want *wants;
    Berth__ImageHeld **messages;
};

/* ------------------------------------------------------------------- here */

static int look_in(const char *path, const char *ref, struct image **ret,
                   struct err *err)
{
    struct image_store *store;
    int rc = image_store_open(path, false, &store, err);

    if (rc)
        return rc;
    rc = image_lookup(store, ref, ret, err);
    image_store_close(store);
    if (!rc && (rc = image_hold(*ret, err)) < 0) {
        image_free(*ret);
        *ret = NULL;
    }
    return rc;
}

/* In order: where the submitter found it, the user's, the site's. */
static char **stores_of(const struct shepherd *sh, const Berth__ContainerSpec *spec)
{
    const Berth__Assignment *assignment = sh->assignment;
    const struct image_where where = {
        .home = sh->owner.home, .user = sh->owner.name, .node = assignment->node_name};
    char **stores = NULL;

    if (spec->image_store[0] && assignment->image_sharing != SHARING_NO)
        strv_add(&stores, spec->image_store);
    if (assignment->n_image_stores == 2) {
        strv_take(&stores, image_where(assignment->image_stores[1], &where));
        strv_add(&stores, assignment->image_stores[0]);
    }
    return stores;
}

static int find_in(char **stores, const Berth__ContainerSpec *spec, struct image **ret,
                   const char **ret_store, struct err *err)
{
    const char *ref = spec->image_digest[0] ? spec->image_digest : spec->image;
    struct err first = {0};

    strv_foreach (store, stores) {
        struct err words;

        if (look_in(*store, ref, ret, &words) == 0) {
            *ret_store = *store;
            return 0;
        }
        if (!first.code || first.code == ENOENT)
            first = words;
    }
    return err_set(err, first.code ? first.code : ENOENT, "image %s: %s", spec->image,
                   first.code ? first.text : "no store is known");
}

int images_find(const struct shepherd *sh, const Berth__ContainerSpec *spec,
                struct image **ret, struct err *err)
{
    cleanup(strv_freep) char **stores = stores_of(sh, spec);
    const char *store;

    return find_in(stores, spec, ret, &store, err);
}

/* Is this on a file server? By what statfs(2) says; a cluster of virtual nodes, and
 * who knows better, says so in the configuration. */
static bool is_on_server(const char *path)
{
    static const unsigned long kinds[] = {
        NFS_SUPER_MAGIC,        AFS_SUPER_MAGIC,
        AFS_FS_MAGIC,           CEPH_SUPER_MAGIC,
        SMB_SUPER_MAGIC,        CIFS_SUPER_MAGIC,
        SMB2_SUPER_MAGIC,       V9FS_MAGIC,
        CODA_SUPER_MAGIC,       0x0bd00bd0 /* Lustre */,
        0x47504653 /* GPFS */,  0x19830326 /* BeeGFS */,
        0xaad7aaea /* PanFS */, 0x20030528 /* OrangeFS */,
    };
    struct statfs fs;

    if (statfs(path, &fs) < 0)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if ((unsigned long)fs.f_type == kinds[i])
            return true;
    return false;
}

/* Does our node have it, and do all nodes when ours does? */
static bool look_here(const struct lead *lead, const Berth__ContainerSpec *spec,
                      bool *ret_shared)
{
    const struct shepherd *sh = lead->sh;
    uint32_t sharing = sh->assignment->image_sharing;
    cleanup(strv_freep) char **stores = stores_of(sh, spec);
    cleanup(image_freep) struct image *image = NULL;
    const char *store;

    *ret_shared = false;
    if (find_in(stores, spec, &image, &store, NULL) < 0)
        return false;
    *ret_shared =
        sharing == SHARING_YES || (sharing == SHARING_LOOK && is_on_server(store));
    return true;
}

/* ------------------------------------------------------------------ asking */

static const Berth__Placement *placement_of(const struct lead *lead)
{
    return lead->sh->grant->placement;
}

static struct held *held_of(struct lead *lead, const char *digest)
{
    struct images *images = lead->images;
    struct held *held;

    if (!images)
        images = lead->images = xcalloc(1, sizeof(*images));
    for (held = images->held; held; held = held->next)
        if (strcmp(held->digest, digest) == 0)
            return held;
    held = xcalloc(1, sizeof(*held));
    held->digest = xstrdup(digest);
    held->nodes = bitset_create(placement_of(lead)->n_shares);
    held->brought = bitset_create(placement_of(lead)->n_shares);
    LL_PREPEND(images->held, held);
    return held;
}

/* Ours is the allocation's first. */
static struct bitset *places_of(const struct lead *lead, char *const *nodes,
                                size_t n_nodes)
{
    const Berth__Placement *placement = placement_of(lead);
    struct bitset *set = bitset_create(placement->n_shares);

    for (size_t i = 0; i < placement->n_shares; i++)
        for (size_t j = 0; j < n_nodes; j++)
            if (strcmp(placement->shares[i]->node, nodes[j]) == 0)
                bitset_set(set, i);
    bitset_set(set, 0);
    return set;
}

static void want_end(struct want *want, const struct err *err)
{
    LL_DELETE(want->lead->images->wants, want);
    want->fn(err, want->ctx);
    bitset_destroy(want->nodes);
    free_message(want->spec);
    free(want);
}

/* With EHOSTDOWN when all that is wrong are daemons that are away. */
static void words_of(const Berth__ImageSpreadReply *reply, struct err *err)
{
    struct strbuf words = {0};
    int code = EHOSTDOWN;

    for (size_t i = 0; i < reply->n_nodes && i < reply->n_statuses; i++) {
        if (i < 4)
            strbuf_printf(&words, "%snode %s: %s", i ? "; " : "", reply->nodes[i],
                          reply->statuses[i]->text);
        if (reply->statuses[i]->code != EHOSTDOWN)
            code = EIO;
    }
    if (reply->n_nodes > 4)
        strbuf_printf(&words, "; and %zu more", reply->n_nodes - 4);
    (void)err_set(err, code, "%s", words.s);
    strbuf_fini(&words);
}

static void take_reply(struct want *want, const Berth__ImageSpreadReply *reply)
{
    struct held *held = want->held;
    struct err err;

    if (reply->n_nodes) {
        words_of(reply, &err);
        (void)err_wrap(&err, "image %s", want->spec->image);
        want_end(want, &err);
        return;
    }
    for (size_t i = bitset_next(want->nodes, 0); i < want->nodes->nbits;
         i = bitset_next(want->nodes, i + 1)) {
        bitset_set(held->nodes, i);
        if (reply->fetched)
            bitset_set(held->brought, i);
    }
    want_end(want, NULL);
}

static void on_spread(const Berth__Envelope *reply, const struct err *err, void *ctx)
{
    struct want *want = ctx;

    want->is_asked = false;
    /* The daemon went away; what it began goes on, and it will be back. */
    if (err && err->code == EPIPE)
        return;
    if (reply && reply->body_case == BERTH__ENVELOPE__BODY_IMAGE_SPREAD_DONE)
        take_reply(want, reply->image_spread_done);
    else
        want_end(want, err);
}

/* The nodes of 'want', ours first. */
static char **tree_of(const struct want *want)
{
    const Berth__Placement *placement = placement_of(want->lead);
    char **nodes = NULL;

    for (size_t i = bitset_next(want->nodes, 0); i < want->nodes->nbits;
         i = bitset_next(want->nodes, i + 1))
        strv_add(&nodes, placement->shares[i]->node);
    return nodes;
}

static void want_ask(struct want *want)
{
    struct shepherd *sh = want->lead->sh;
    const Berth__LaunchJob *job = sh->assignment->job;
    cleanup(strv_freep) char **nodes = tree_of(want);
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ImageSpread msg = BERTH__IMAGE_SPREAD__INIT;

    msg.grant = job->grant;
    msg.ref = want->spec->image;
    msg.site = want->spec->image_site;
    msg.digest = want->spec->image_digest;
    if (sh->assignment->image_sharing != SHARING_NO)
        msg.store = want->spec->image_store;
    /* The controller has said who has the job's own image. */
    if (job->spec->container &&
        strcmp(job->spec->container->image_digest, msg.digest) == 0) {
        msg.from = job->image_from;
        msg.n_from = job->n_image_from;
    }
    msg.nodes = nodes;
    msg.n_nodes = strv_len(nodes);
    msg.fanout = sh->assignment->fanout ? sh->assignment->fanout : FANOUT;
    env.body_case = BERTH__ENVELOPE__BODY_IMAGE_SPREAD;
    env.image_spread = &msg;
    want->is_asked = true;
    rpc_call(sh->node_rpc, sh->node, &env, on_spread, want);
}

bool images_need(struct lead *lead, const Berth__ContainerSpec *spec,
                 char *const *nodes, size_t n_nodes, images_ready_fn *fn, void *ctx)
{
    struct bitset *places;
    struct held *held;
    struct want *want;
    bool is_shared;

    if (!spec || !spec->image[0] || !spec->image_digest[0])
        return true;
    held = held_of(lead, spec->image_digest);
    if (!bitset_test(held->nodes, 0) && look_here(lead, spec, &is_shared)) {
        bitset_set(held->nodes, 0);
        if (is_shared)
            bitset_set_range(held->nodes, 0, held->nodes->nbits);
    }
    places = places_of(lead, nodes, n_nodes);
    if (bitset_is_subset(places, held->nodes)) {
        bitset_destroy(places);
        return true;
    }
    want = xcalloc(1, sizeof(*want));
    want->lead = lead;
    want->held = held;
    want->nodes = places;
    want->spec = copy_message(&spec->base);
    want->fn = fn;
    want->ctx = ctx;
    LL_PREPEND(lead->images->wants, want);
    if (lead->sh->node)
        want_ask(want);
    return false;
}

void images_node_is_back(struct lead *lead)
{
    struct want *want, *next;

    if (!lead->images)
        return;
    LL_FOREACH_SAFE(lead->images->wants, want, next)
    if (!want->is_asked)
        want_ask(want);
}

/* ------------------------------------------------------------------ the report */

static void fill_message(const struct lead *lead, struct held *held)
{
    char **nodes = NULL;

    for (size_t i = bitset_next(held->brought, 0); i < held->brought->nbits;
         i = bitset_next(held->brought, i + 1))
        strv_add(&nodes, placement_of(lead)->shares[i]->node);
    berth__image_held__init(&held->message);
    held->message.digest = held->digest;
    held->message.nodes = nodes;
    held->message.n_nodes = strv_len(nodes);
}

size_t images_brought(const struct lead *lead, Berth__ImageHeld ***ret)
{
    struct images *images = lead->images;
    size_t n = 0;

    *ret = NULL;
    if (!images)
        return 0;
    for (struct held *held = images->held; held; held = held->next) {
        if (bitset_count(held->brought) == 0)
            continue;
        fill_message(lead, held);
        images->messages = xrealloc(images->messages, n + 1, sizeof(*images->messages));
        images->messages[n++] = &held->message;
    }
    *ret = images->messages;
    return n;
}
