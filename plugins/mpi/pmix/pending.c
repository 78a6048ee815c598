/* SPDX-License-Identifier: Apache-2.0
 *
 * pending.c - calls of libpmix that wait for the host's answer
 *
 * libpmix is never called while the lock is held.
 */
#include "pending.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One call that waits. Without 'cbfunc' and 'answered' it was answered already (it
 * timed out) and stays only to take the host's late answer. */
struct pending {
    struct pending *next;
    enum pending_kind kind;
    uint8_t id[FENCE_ID_SIZE];
    uint64_t cookie;
    uint32_t node; /* of a modex request: who is asked */
    pmix_modex_cbfunc_t cbfunc;
    pending_answered answered;
    void *cbdata;
    timer_t timer;
    bool has_timer;
};

/* Lives as long as the process: a timer may fire after the server's end. Cookies
 * are never used twice. */
static struct {
    pthread_mutex_t lock;
    struct pending *first, **last;
    uint64_t last_cookie;
} list = {PTHREAD_MUTEX_INITIALIZER, NULL, &list.first, 0};

static void expire(union sigval value)
{
    uint64_t cookie = (uintptr_t)value.sival_ptr;
    pmix_modex_cbfunc_t cbfunc = NULL;
    pending_answered answered = NULL;
    void *cbdata = NULL;
    pthread_mutex_lock(&list.lock);
    for (struct pending *p = list.first; p; p = p->next) {
        if (p->cookie != cookie)
            continue;
        cbfunc = p->cbfunc;
        answered = p->answered;
        cbdata = p->cbdata;
        p->cbfunc = NULL;
        p->answered = NULL;
    }
    pthread_mutex_unlock(&list.lock);
    if (cbfunc)
        cbfunc(PMIX_ERR_TIMEOUT, NULL, 0, cbdata, NULL, NULL);
    if (answered)
        answered(&(struct berth_mpi_answer){.cookie = cookie, .status = ETIMEDOUT},
                 cbdata);
}

static void arm(struct pending *p, int seconds)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD,
                             .sigev_notify_function = expire,
                             .sigev_value.sival_ptr = (void *)(uintptr_t)p->cookie};
    struct itimerspec when = {.it_value.tv_sec = seconds};
    p->has_timer = timer_create(CLOCK_MONOTONIC, &event, &p->timer) == 0;
    if (p->has_timer)
        timer_settime(p->timer, 0, &when, NULL);
}

static uint64_t add(struct pending *p, int timeout)
{
    pthread_mutex_lock(&list.lock);
    uint64_t cookie = p->cookie = ++list.last_cookie;
    *list.last = p;
    list.last = &p->next;
    if (timeout > 0)
        arm(p, timeout);
    pthread_mutex_unlock(&list.lock);
    return cookie;
}

uint64_t pending_add(enum pending_kind kind, const uint8_t *id, int timeout,
                     pmix_modex_cbfunc_t cbfunc, void *cbdata)
{
    struct pending *p = calloc(1, sizeof(*p));
    if (!p)
        return 0;
    p->kind = kind;
    p->cbfunc = cbfunc;
    p->cbdata = cbdata;
    if (id)
        memcpy(p->id, id, sizeof(p->id));
    return add(p, timeout);
}

uint64_t pending_add_modex(uint32_t node, int timeout, pmix_modex_cbfunc_t cbfunc,
                           void *cbdata)
{
    struct pending *p = calloc(1, sizeof(*p));
    if (!p)
        return 0;
    p->kind = PENDING_MODEX;
    p->node = node;
    p->cbfunc = cbfunc;
    p->cbdata = cbdata;
    return add(p, timeout);
}

uint64_t pending_add_call(int timeout, pending_answered answered, void *ctx)
{
    struct pending *p = calloc(1, sizeof(*p));
    if (!p)
        return 0;
    p->kind = PENDING_CALL;
    p->answered = answered;
    p->cbdata = ctx;
    return add(p, timeout);
}

/* Take '*link' out of the list; the lock is held. */
static struct pending *unlink_at(struct pending **link)
{
    struct pending *p = *link;
    *link = p->next;
    if (list.last == &p->next)
        list.last = link;
    return p;
}

static struct pending *take_fence(const uint8_t *id)
{
    for (struct pending **link = &list.first; *link; link = &(*link)->next)
        if ((*link)->kind == PENDING_FENCE &&
            memcmp((*link)->id, id, FENCE_ID_SIZE) == 0)
            return unlink_at(link);
    return NULL;
}

static struct pending *take_cookie(enum pending_kind kind, uint64_t cookie)
{
    for (struct pending **link = &list.first; *link; link = &(*link)->next)
        if ((*link)->kind == kind && (*link)->cookie == cookie)
            return unlink_at(link);
    return NULL;
}

static void pending_free(struct pending *p)
{
    if (p->has_timer)
        timer_delete(p->timer);
    free(p);
}

/* Hand a copy to libpmix, which frees it when it has read it. */
static void answer(struct pending *p, pmix_status_t status, const void *data,
                   size_t len)
{
    if (!p)
        return;
    if (p->cbfunc) {
        char *copy = len ? malloc(len) : NULL;
        if (copy)
            memcpy(copy, data, len);
        else if (len)
            status = PMIX_ERR_NOMEM;
        p->cbfunc(status, copy, copy ? len : 0, p->cbdata, free, copy);
    }
    pending_free(p);
}

void pending_answer_fence(const uint8_t *id, pmix_status_t status, const void *data,
                          size_t len)
{
    pthread_mutex_lock(&list.lock);
    struct pending *p = take_fence(id);
    pthread_mutex_unlock(&list.lock);
    answer(p, status, data, len);
}

void pending_answer_modex(uint64_t cookie, pmix_status_t status, const void *data,
                          size_t len)
{
    pthread_mutex_lock(&list.lock);
    struct pending *p = take_cookie(PENDING_MODEX, cookie);
    pthread_mutex_unlock(&list.lock);
    answer(p, status, data, len);
}

static struct pending *take_modex_of(uint32_t node)
{
    for (struct pending **link = &list.first; *link; link = &(*link)->next)
        if ((*link)->kind == PENDING_MODEX && (*link)->node == node)
            return unlink_at(link);
    return NULL;
}

void pending_lose_node(uint32_t node)
{
    struct pending *p;
    do {
        pthread_mutex_lock(&list.lock);
        p = take_modex_of(node);
        pthread_mutex_unlock(&list.lock);
        answer(p, PMIX_ERR_LOST_CONNECTION, NULL, 0);
    } while (p);
}

void pending_answer_call(const struct berth_mpi_answer *given)
{
    pthread_mutex_lock(&list.lock);
    struct pending *p = take_cookie(PENDING_CALL, given->cookie);
    pthread_mutex_unlock(&list.lock);
    if (!p)
        return;
    if (p->answered)
        p->answered(given, p->cbdata);
    pending_free(p);
}

void pending_clear(void)
{
    pthread_mutex_lock(&list.lock);
    struct pending *first = list.first;
    list.first = NULL;
    list.last = &list.first;
    pthread_mutex_unlock(&list.lock);
    for (struct pending *next; first; first = next) {
        next = first->next;
        if (first->answered)
            first->answered(&(struct berth_mpi_answer){.status = ECANCELED},
                            first->cbdata);
        pending_free(first);
    }
}
