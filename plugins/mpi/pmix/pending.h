/* SPDX-License-Identifier: Apache-2.0
 *
 * pending.h - calls of libpmix that wait for the host's answer
 *
 * A fence, a modex request or a question arrives with a callback, and the answer
 * comes later on another thread. Each is kept here until then. Fences are found by
 * the id of their participants, oldest first; all others by their cookie. All
 * functions may be called from any thread.
 */
#ifndef PENDING_H
#define PENDING_H

#include <berth/mpi.h>
#include <pmix_server.h>
#include <stdint.h>

#define FENCE_ID_SIZE 16

enum pending_kind {
    PENDING_FENCE,
    PENDING_MODEX,
    PENDING_CALL,
};

/* Keep a call and return its cookie, or 0 when there is no memory. 'id' is for
 * fences, else NULL; pending_add_modex has the node that is asked. After 'timeout'
 * seconds (0: never) it is answered with PMIX_ERR_TIMEOUT. */
uint64_t pending_add(enum pending_kind kind, const uint8_t *id, int timeout,
                     pmix_modex_cbfunc_t cbfunc, void *cbdata);

uint64_t pending_add_modex(uint32_t node, int timeout, pmix_modex_cbfunc_t cbfunc,
                           void *cbdata);
/* A node that will not answer: what waits for it gets PMIX_ERR_LOST_CONNECTION. */
void pending_lose_node(uint32_t node);

/* The same for a question: 'answered' is called once, with the host's answer, or with
 * one of status ETIMEDOUT. */
typedef void (*pending_answered)(const struct berth_mpi_answer *answer, void *ctx);
uint64_t pending_add_call(int timeout, pending_answered answered, void *ctx);

/* Answer the oldest fence 'id' / the request 'cookie' with a copy of 'data'.
 * An answer nobody waits for is dropped. */
void pending_answer_fence(const uint8_t *id, pmix_status_t status, const void *data,
                          size_t len);
void pending_answer_modex(uint64_t cookie, pmix_status_t status, const void *data,
                          size_t len);
void pending_answer_call(const struct berth_mpi_answer *answer);

/* Forget everything, unanswered: libpmix has stopped. What a question's 'ctx' holds is
 * given up by an answer of status ECANCELED. */
void pending_clear(void);

#endif
