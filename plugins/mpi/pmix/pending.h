/* SPDX-License-Identifier: Apache-2.0
 *
 * pending.h - calls of libpmix that wait for the host's answer
 *
 * A fence or a modex request arrives with a callback, and the answer comes
 * later on another thread. Each is kept here until then. Fences are found by
 * the id of their participants, oldest first; requests by their cookie. All
 * functions may be called from any thread.
 */
#ifndef PENDING_H
#define PENDING_H

#include <pmix_server.h>
#include <stdint.h>

#define FENCE_ID_SIZE 16

enum pending_kind {
    PENDING_FENCE,
    PENDING_MODEX,
};

/* Keep a call and return its cookie, or 0 when there is no memory. 'id' is for
 * fences, else NULL. After 'timeout' seconds (0: never) it is answered with
 * PMIX_ERR_TIMEOUT. */
uint64_t pending_add(enum pending_kind kind, const uint8_t *id, int timeout,
                     pmix_modex_cbfunc_t cbfunc, void *cbdata);

/* Answer the oldest fence 'id' / the request 'cookie' with a copy of 'data'.
 * An answer nobody waits for is dropped. */
void pending_answer_fence(const uint8_t *id, pmix_status_t status, const void *data,
                          size_t len);
void pending_answer_modex(uint64_t cookie, pmix_status_t status, const void *data,
                          size_t len);

/* Forget everything, unanswered: libpmix has stopped. */
void pending_clear(void);

#endif
