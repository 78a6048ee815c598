/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pending.c - answers find the calls they belong to
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "pending.h"

/* What a call was answered with. */
struct call {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    int n_answers;
    pmix_status_t status;
    char data[32];
};

#define CALL                                                          \
    {                                                                 \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, "" \
    }

static const uint8_t id_a[FENCE_ID_SIZE] = "aaaaaaaaaaaaaaa";
static const uint8_t id_b[FENCE_ID_SIZE] = "bbbbbbbbbbbbbbb";

static void on_answer(pmix_status_t status, const char *data, size_t len, void *cbdata,
                      pmix_release_cbfunc_t release, void *release_data)
{
    struct call *call = cbdata;
    pthread_mutex_lock(&call->lock);
    call->n_answers++;
    call->status = status;
    if (len)
        memcpy(call->data, data, len);
    pthread_cond_signal(&call->answered);
    pthread_mutex_unlock(&call->lock);
    if (release)
        release(release_data);
}

static void fences_of_one_id_are_answered_in_order(void **state)
{
    (void)state;
    struct call first = CALL, second = CALL, other = CALL;
    pending_add(PENDING_FENCE, id_a, 0, on_answer, &first);
    pending_add(PENDING_FENCE, id_b, 0, on_answer, &other);
    pending_add(PENDING_FENCE, id_a, 0, on_answer, &second);
    pending_answer_fence(id_a, PMIX_SUCCESS, "one", 4);
    assert_string_equal(first.data, "one");
    assert_int_equal(second.n_answers, 0);
    pending_answer_fence(id_a, PMIX_SUCCESS, "two", 4);
    assert_string_equal(second.data, "two");
    assert_int_equal(other.n_answers, 0);
    pending_answer_fence(id_b, PMIX_ERR_LOST_CONNECTION, NULL, 0);
    assert_int_equal(other.status, PMIX_ERR_LOST_CONNECTION);
    assert_int_equal(first.n_answers, 1);
}

static void modex_answers_go_by_cookie(void **state)
{
    (void)state;
    struct call first = CALL, second = CALL;
    uint64_t a = pending_add(PENDING_MODEX, NULL, 0, on_answer, &first);
    uint64_t b = pending_add(PENDING_MODEX, NULL, 0, on_answer, &second);
    assert_true(a != b);
    pending_answer_modex(b, PMIX_SUCCESS, "b", 2);
    pending_answer_modex(a, PMIX_SUCCESS, "a", 2);
    assert_string_equal(first.data, "a");
    assert_string_equal(second.data, "b");
}

static void a_lost_node_answers_what_was_asked_of_it(void **state)
{
    (void)state;
    struct call first = CALL, second = CALL, other = CALL;
    pending_add_modex(3, 0, on_answer, &first);
    uint64_t cookie = pending_add_modex(4, 0, on_answer, &other);
    pending_add_modex(3, 0, on_answer, &second);
    pending_lose_node(3);
    assert_int_equal(first.status, PMIX_ERR_LOST_CONNECTION);
    assert_int_equal(second.n_answers, 1);
    assert_int_equal(other.n_answers, 0);
    pending_answer_modex(cookie, PMIX_SUCCESS, "x", 2);
    assert_string_equal(other.data, "x");
}

static void an_answer_nobody_waits_for_is_dropped(void **state)
{
    (void)state;
    struct call call = CALL;
    uint64_t cookie = pending_add(PENDING_MODEX, NULL, 0, on_answer, &call);
    pending_answer_modex(cookie + 1, PMIX_SUCCESS, "x", 2);
    pending_answer_fence(id_a, PMIX_SUCCESS, "x", 2);
    assert_int_equal(call.n_answers, 0);
    pending_answer_modex(cookie, PMIX_SUCCESS, NULL, 0);
    pending_answer_modex(cookie, PMIX_SUCCESS, NULL, 0);
    assert_int_equal(call.n_answers, 1);
}

static void a_fence_that_times_out_keeps_its_place(void **state)
{
    (void)state;
    struct call slow = CALL, next = CALL;
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 20;
    pending_add(PENDING_FENCE, id_a, 1, on_answer, &slow);
    pthread_mutex_lock(&slow.lock);
    while (!slow.n_answers &&
           pthread_cond_timedwait(&slow.answered, &slow.lock, &limit) == 0)
        ;
    pthread_mutex_unlock(&slow.lock);
    assert_int_equal(slow.status, PMIX_ERR_TIMEOUT);

    /* The host's answer to the slow one must not go to the next. */
    pending_add(PENDING_FENCE, id_a, 0, on_answer, &next);
    pending_answer_fence(id_a, PMIX_SUCCESS, "late", 5);
    assert_int_equal(slow.n_answers, 1);
    assert_int_equal(next.n_answers, 0);
    pending_answer_fence(id_a, PMIX_SUCCESS, "next", 5);
    assert_string_equal(next.data, "next");
}

static void what_is_cleared_is_not_answered(void **state)
{
    (void)state;
    struct call call = CALL;
    uint64_t cookie = pending_add(PENDING_MODEX, NULL, 3600, on_answer, &call);
    pending_clear();
    pending_answer_modex(cookie, PMIX_SUCCESS, NULL, 0);
    assert_int_equal(call.n_answers, 0);
    assert_true(pending_add(PENDING_MODEX, NULL, 0, on_answer, &call) > cookie);
    pending_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fences_of_one_id_are_answered_in_order),
        cmocka_unit_test(modex_answers_go_by_cookie),
        cmocka_unit_test(a_lost_node_answers_what_was_asked_of_it),
        cmocka_unit_test(an_answer_nobody_waits_for_is_dropped),
        cmocka_unit_test(a_fence_that_times_out_keeps_its_place),
        cmocka_unit_test(what_is_cleared_is_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
