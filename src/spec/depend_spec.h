/* SPDX-License-Identifier: Apache-2.0
 *
 * depend_spec.h - what a job waits for in other jobs: "afterok:12:13_4,after:9+30"
 *
 * sbatch(1)'s --dependency: terms joined by ',' (all must hold) or by '?' (one
 * is enough), never both. A term that names several jobs holds when it holds for
 * each of them. A bare job id reads as afterany.
 *
 *     after:J[+M]   J has begun (or ended), M minutes ago if given
 *     afterany:J    J has ended
 *     afterok:J     J has ended well
 *     afternotok:J  J has ended badly
 *     aftercorr:J   the element of array J with this element's index ended well
 *     singleton     no earlier job of the same name and user is left
 */
#ifndef BERTH_SPEC_DEPEND_SPEC_H
#define BERTH_SPEC_DEPEND_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "spec/array_spec.h"

#define DEPEND_JOBS_MAX 10000 /* in one text */

enum depend_kind {
    DEPEND_AFTER,
    DEPEND_AFTER_ANY,
    DEPEND_AFTER_OK,
    DEPEND_AFTER_NOT_OK,
    DEPEND_AFTER_CORR,
    DEPEND_SINGLETON,
};

struct depend_job {
    uint32_t job;     /* id, never 0 */
    uint32_t element; /* of the array 'job', or ARRAY_NONE: the job, or all of it */
    uint32_t minutes; /* DEPEND_AFTER: since it began */
};

struct depend_term {
    enum depend_kind kind;
    struct depend_job *jobs; /* none for DEPEND_SINGLETON */
    size_t n;
};

/* All zero: depends on nothing. */
struct depend_spec {
    struct depend_term *terms;
    size_t n;
    bool any; /* one term is enough */
};

/* Overwrites 'ret', which the caller ends with depend_spec_fini. The empty text
 * depends on nothing. -EINVAL with the column and the nearest word. */
int depend_spec_parse(const char *text, struct depend_spec *ret, struct err *err);
void depend_spec_fini(struct depend_spec *spec);

/* "afterok:12:13_4,singleton"; the caller frees it. */
char *depend_spec_format(const struct depend_spec *spec);

/* How a job that is waited for stands. An array as a whole is pending until each
 * element has begun, running until each has ended, and ended badly if one has. */
enum depend_state {
    DEPEND_UNKNOWN, /* forgotten: ended long ago, nobody knows how */
    DEPEND_PENDING,
    DEPEND_RUNNING, /* also suspended, ending */
    DEPEND_ENDED_OK,
    DEPEND_ENDED_BADLY, /* also cancelled before it began */
};

struct depend_facts {
    enum depend_state state;
    int64_t start_time; /* when it last began; 0: never */
};

/* Whom evaluation asks. */
struct depend_world {
    struct depend_facts (*job)(void *ctx, uint32_t job, uint32_t element);
    /* An earlier job of the same name and user that has not ended, or 0. */
    uint32_t (*namesake)(void *ctx);
    void *ctx;
    int64_t now;
};

enum depend_verdict {
    DEPEND_HOLDS,
    DEPEND_WAITS,
    DEPEND_NEVER, /* can no longer hold */
};

/* 'element' is the index of the job that waits in its own array (ARRAY_NONE: it
 * is none), for aftercorr. Unless it holds, *ret_when is when it will if nothing
 * else changes (0: that depends on others) and 'words' (both may be NULL) say why:
 * "job 12 has not ended". */
enum depend_verdict depend_spec_judge(const struct depend_spec *spec, uint32_t element,
                                      const struct depend_world *world,
                                      int64_t *ret_when, struct err *words);

#endif
