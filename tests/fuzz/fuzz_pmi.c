/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_pmi.c - whatever a task writes, the answers are whole lines or whole frames
 *
 * The first byte says in how large pieces the rest is written. What a fence carries
 * is read by other nodes: it can be taken in.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "server.h"

static struct server *server;

static void take_fence(void *ctx, const uint8_t id[16], const uint32_t *nodes,
                       size_t n_nodes, const void *data, size_t len)
{
    struct text copy = {0};

    (void)ctx;
    (void)id;
    (void)nodes;
    (void)n_nodes;
    text_add(&copy, data, len);
    BUG_ON(kvs_merge(server->kvs, copy.s, copy.len));
    text_fini(&copy);
}

static void take_abort(void *ctx, uint32_t rank, int status, const char *words)
{
    (void)ctx;
    (void)rank;
    (void)status;
    BUG_ON(strlen(words) == 0);
}

static void take_client(void *ctx, uint32_t rank, int is_finalized)
{
    (void)ctx;
    (void)rank;
    (void)is_finalized;
}

static void check_answers(const struct text *out)
{
    const char *at = out->s, *end = out->s + out->len;

    while (at < end && strncmp(at, "cmd=", 4) == 0) {
        const char *line = memchr(at, '\n', (size_t)(end - at));

        BUG_ON(!line);
        at = line + 1;
    }
    while (at < end) {
        size_t len = strtoul(at, NULL, 10);

        BUG_ON(len == 0 || (size_t)(end - at) < 6 + len);
        BUG_ON(strncmp(at + 6, "cmd=", 4) != 0 || at[6 + len - 1] != ';');
        at += 6 + len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t rank_node[] = {0}, local[] = {0};
    static const struct berth_mpi_host host = {
        .fence = take_fence, .abort = take_abort, .client = take_client};
    const struct berth_mpi_step step = {.nspace = "berth.1.0.f",
                                        .n_nodes = 1,
                                        .n_tasks = 1,
                                        .rank_node = rank_node,
                                        .local_ranks = local,
                                        .n_local = 1};
    size_t piece = size ? data[0] + 1u : 1;
    char why[256];
    int rc = 0;

    server = server_create(&step, &host);
    for (size_t at = 1; at < size && !rc; at += piece) {
        size_t len = size - at < piece ? size - at : piece;

        rc = client_feed(server_client(server, 0), (const char *)data + at, len, why);
        if (server->n_entered)
            server_fence_done(server, 0, NULL, 0);
    }
    check_answers(&server_client(server, 0)->out);
    if (size)
        (void)kvs_merge(server->kvs, (const char *)data + 1, size - 1);
    server_destroy(server);
    return 0;
}
