/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_mpi.c - a plugin whose threads talk all at once
 *
 * Each of its threads calls every service of the host, over and over, numbered.
 * stop waits for the threads, as a real plugin's does.
 */
#include <berth/mpi.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fake_mpi.h"

struct fake {
    struct berth_mpi_host host;
    pthread_t threads[FAKE_THREADS];
    struct talker {
        struct fake *fake;
        uint32_t number;
    } talkers[FAKE_THREADS];
};

static void ask(const struct berth_mpi_host *host, uint32_t number, uint32_t i)
{
    const char *argv[] = {"program", "-x", NULL};
    const struct berth_mpi_app app = {.argv = argv, .n_tasks = 2};
    const struct berth_mpi_proc proc = {.nspace = "other", .rank = BERTH_MPI_ALL};
    const struct berth_mpi_call call = {.verb = BERTH_MPI_SPAWN,
                                        .cookie = i,
                                        .rank = number,
                                        .key = "key",
                                        .procs = &proc,
                                        .n_procs = 1,
                                        .apps = &app,
                                        .n_apps = 1,
                                        .data = &i,
                                        .len = sizeof(i)};

    if (i % 2)
        host->call(host->ctx, &call);
    else
        host->cancel(host->ctx, i);
}

static void *talk(void *arg)
{
    const struct talker *talker = arg;
    const struct berth_mpi_host *host = &talker->fake->host;
    uint8_t id[16] = {0};
    uint32_t nodes[2] = {talker->number, 7};

    id[0] = (uint8_t)talker->number;
    for (uint32_t i = 0; i < FAKE_CALLS; i++) {
        host->fence(host->ctx, id, nodes, i % 2 ? 2 : 0, &i, sizeof(i));
        host->modex_request(host->ctx, i % 2 ? "other" : NULL, talker->number, i);
        host->modex_reply(host->ctx, i, (int)talker->number, "data", 4);
        host->client(host->ctx, talker->number, i % 2);
        host->abort(host->ctx, talker->number, (int)i, i % 2 ? "words" : NULL);
        ask(host, talker->number, i);
        host->tell(host->ctx, i % 2 ? "other" : NULL, talker->number, &i, sizeof(i));
        host->write(host->ctx, talker->number, 1 + i % 2, &i, sizeof(i));
        /* What the host was given, it must have copied. */
        nodes[1] = 7;
    }
    return NULL;
}

static int start(const struct berth_mpi_step *step, const struct berth_mpi_host *host,
                 void **ret_self, struct berth_mpi_err *err)
{
    struct fake *fake;

    if (step->n_tasks == FAKE_REFUSED) {
        err->code = 5;
        memcpy(err->text, "not today", sizeof("not today"));
        return -5;
    }
    fake = calloc(1, sizeof(*fake));
    if (!fake)
        return -12;
    fake->host = *host;
    for (uint32_t i = 0; i < FAKE_THREADS; i++) {
        fake->talkers[i] = (struct talker){fake, i};
        (void)pthread_create(&fake->threads[i], NULL, talk, &fake->talkers[i]);
    }
    *ret_self = fake;
    return 0;
}

static int task_env(void *self, uint32_t rank, char ***ret_env,
                    struct berth_mpi_err *err)
{
    char **env = calloc(4, sizeof(*env));

    (void)self, (void)rank, (void)err;
    if (!env)
        return -12;
    env[0] = strdup("PMIX_RANK=1");
    env[1] = strdup("TUNING=plugin");
    env[2] = strdup("no equals sign");
    *ret_env = env;
    return 0;
}

static void fence_done(void *self, const uint8_t id[16], int status, const void *data,
                       size_t len)
{
    (void)self, (void)id, (void)status, (void)data, (void)len;
}

static void modex_serve(void *self, uint32_t rank, uint64_t cookie)
{
    (void)self, (void)rank, (void)cookie;
}

static void modex_done(void *self, uint64_t cookie, int status, const void *data,
                       size_t len)
{
    (void)self, (void)cookie, (void)status, (void)data, (void)len;
}

static void stop(void *self)
{
    struct fake *fake = self;

    for (uint32_t i = 0; fake && i < FAKE_THREADS; i++)
        (void)pthread_join(fake->threads[i], NULL);
    free(fake);
}

static const struct berth_mpi_ops ops = {
    .start = start,
    .task_env = task_env,
    .fence_done = fence_done,
    .modex_serve = modex_serve,
    .modex_done = modex_done,
    .stop = stop,
};

extern const struct berth_mpi_plugin berth_mpi_plugin;

__attribute__((visibility("default")))
const struct berth_mpi_plugin berth_mpi_plugin = {
    .abi = BERTH_MPI_ABI,
    .ops_size = sizeof(struct berth_mpi_ops),
    .name = "fake",
    .summary = "talks from many threads",
    .ops = &ops,
};
