/* SPDX-License-Identifier: Apache-2.0
 *
 * registration.c - what berthd tells the controller of itself, and is told
 */
#include "node/hooks.h"
#include "node/pod_network.h"
#include "node/reclaim.h"

#include "base/log.h"
#include "base/mem.h"
#include "wire/pack.h"

#include <stdlib.h>
#include <string.h>

static void take_grant_key(struct node *node, const ProtobufCBinaryData *key)
{
    struct err err;

    if (key->len != sizeof(node->grant_key)) {
        log_error("the controller sent no usable grant key: nothing can start here");
        return;
    }
    if (node->has_grant_key && memcmp(node->grant_key, key->data, key->len) == 0)
        return;
    memcpy(node->grant_key, key->data, key->len);
    node->has_grant_key = true;
    if (grant_key_save(node, &err))
        log_warn("grant key: %s", err.text);
}

static size_t running(void *ctx, Berth__RunningJob **ret)
{
    return shepherds_running(ctx, ret);
}

static void registered(void *ctx, const Berth__Registered *reply)
{
    struct node *node = ctx;

    take_grant_key(node, &reply->grant_key);
    node->fanout = reply->fanout ? reply->fanout : node->config->node.fanout;
    for (size_t i = 0; i < reply->n_stop; i++)
        shepherd_kill_job(node, reply->stop[i]->job_id, reply->stop[i]->epoch);
    for (size_t i = 0; i < reply->n_over; i++)
        hooks_job_over(node, reply->over[i]->job_id, reply->over[i]->epoch);
    pod_network_told(node, reply->pod_network);
    log_info("registered with cluster %s", reply->cluster);
}

static void order(void *ctx, struct channel *ch, const Berth__Envelope *env)
{
    if (env->body_case == BERTH__ENVELOPE__BODY_LAUNCH_JOB)
        launch_job(ctx, ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_JOB_GONE)
        hooks_job_over(ctx, env->job_gone->job_id, env->job_gone->epoch);
    else if (env->body_case == BERTH__ENVELOPE__BODY_POD_DATA)
        pod_data_pass(ctx, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_VOLUME_RECLAIM)
        reclaim_order(ctx, env->volume_reclaim);
    else
        signal_job(ctx, ch, env);
}

static void gone(void *ctx, struct channel *ch)
{
    launch_channel_gone(ctx, ch);
}

static void heartbeat(void *ctx, Berth__Heartbeat *beat)
{
    struct node *node = ctx;

    beat->load = node_load();
    if (node->trouble)
        beat->trouble = node->trouble;
    beat->memory_free = node_memory_free();
}

static void trouble_told(void *ctx)
{
    struct node *node = ctx;

    free(take(node->trouble));
}

static size_t hooked(void *ctx, Berth__RunningJob **ret)
{
    return hooks_open(ctx, ret);
}

static void acknowledged(void *ctx, uint32_t job, uint32_t epoch)
{
    shepherd_forget_job(ctx, job, epoch);
}

static const struct uplink_host host = {
    .running = running,
    .registered = registered,
    .order = order,
    .gone = gone,
    .heartbeat = heartbeat,
    .trouble_told = trouble_told,
    .hooked = hooked,
    .acknowledged = acknowledged,
};

void registration_start(struct node *node)
{
    const struct uplink_self self = {
        .loop = node->loop,
        .config = node->config,
        .auth = &node->auth,
        .node = node->self,
        .topo = node->topo,
        .topo_xml = node->topo_xml,
        .boot_id = node->boot_id,
    };

    node->uplink = uplink_create(&self, &host, node);
    uplink_start(node->uplink);
}
