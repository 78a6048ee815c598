/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_plugin.c - a plugin that does nothing, right or wrong in one way
 *
 * Built once for each way; Makefile.inc defines the difference.
 */
#include <berth/mpi.h>

#ifndef ABI
#define ABI BERTH_MPI_ABI
#endif
#ifndef SIZE
#define SIZE sizeof(struct berth_mpi_ops)
#endif
#ifndef FENCE_DONE
#define FENCE_DONE fence_done
static void fence_done(void *self, const uint8_t id[16], int status, const void *data,
                       size_t len)
{
    (void)self, (void)id, (void)status, (void)data, (void)len;
}
#endif

static int start(const struct berth_mpi_step *step, const struct berth_mpi_host *host,
                 void **ret_self, struct berth_mpi_err *err)
{
    (void)step, (void)host, (void)ret_self, (void)err;
    return 0;
}

static int task_env(void *self, uint32_t rank, char ***ret_env,
                    struct berth_mpi_err *err)
{
    (void)self, (void)rank, (void)ret_env, (void)err;
    return 0;
}

static void stop(void *self)
{
    (void)self;
}

static const struct berth_mpi_ops ops = {
    .start = start,
    .task_env = task_env,
    .fence_done = FENCE_DONE,
    .stop = stop,
};

extern const struct berth_mpi_plugin berth_mpi_plugin;

__attribute__((visibility("default")))
const struct berth_mpi_plugin berth_mpi_plugin = {
    .abi = ABI,
    .ops_size = SIZE,
    .name = NAME,
    .summary = "does nothing",
    .ops = &ops,
};
