/* SPDX-License-Identifier: Apache-2.0
 *
 * names.h - what tasks publish for others to look up
 *
 * Pure. The lead keeps one for its job: a value lives under a key as long as its
 * publisher wished, and is seen as far as he wished.
 */
#ifndef BERTH_SHEPHERD_NAMES_H
#define BERTH_SHEPHERD_NAMES_H

#include <berth/mpi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct names;

/* Who publishes or looks up. 'plugin' and 'node' are names. */
struct names_who {
    const char *plugin, *node;
    uint32_t step, index, rank; /* index: of the node in the step */
};

struct names_actions {
    void *ctx;
    /* A lookup that waited has its value. */
    void (*found)(void *ctx, uint32_t step, uint32_t index, uint64_t cookie,
                  const void *data, size_t len);
};

struct names *names_create(const struct names_actions *actions);
void names_destroy(struct names *names);

/* -EEXIST when somebody whom the same tasks see has published the key; -ENOSPC when
 * the job's values take too much. */
int names_publish(struct names *names, const struct names_who *who, const char *key,
                  enum berth_mpi_range range, enum berth_mpi_lifetime lifetime,
                  const void *data, size_t len);

/* The value, borrowed until the next call; -ENOENT. With 'wait' it is kept and answered
 * by 'found' as soon as the key is published: -EAGAIN. */
int names_lookup(struct names *names, const struct names_who *who, const char *key,
                 bool wait, uint64_t cookie, const void **ret_data, size_t *ret_len);
void names_cancel(struct names *names, uint32_t step, uint32_t index, uint64_t cookie);

/* Take back what 'who' published: 'key', or all when that is NULL. -ENOENT. */
int names_unpublish(struct names *names, const struct names_who *who, const char *key);

/* A task / a step is over. */
void names_task_ended(struct names *names, uint32_t step, uint32_t rank);
void names_step_ended(struct names *names, uint32_t step);

#endif
