/* SPDX-License-Identifier: Apache-2.0
 *
 * test_states.c - all pairs of a container's states and events
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "pod/container_state.h"

static void an_event_leads_somewhere_or_changes_nothing(void **state)
{
    (void)state;
    for (enum container_state s = 0; s < C_STATES; s++)
        for (enum container_event e = 0; e < CE_EVENTS; e++) {
            enum container_state next = C_STATES;

            if (container_state_next(s, e, &next))
                assert_true(next < C_STATES);
            else
                assert_int_equal(next, C_STATES);
        }
}

/* Nothing leads from a process to no process but its end, or that it never began; and
 * nothing from no process to one but a start. */
static void processes_begin_and_end_by_their_events(void **state)
{
    (void)state;
    for (enum container_state s = 0; s < C_STATES; s++)
        for (enum container_event e = 0; e < CE_EVENTS; e++) {
            bool is_end = e == CE_END_AGAIN || e == CE_END_DONE || e == CE_UNREADY;
            enum container_state next;

            if (!container_state_next(s, e, &next))
                continue;
            if (container_state_runs(s))
                assert_int_equal(!container_state_runs(next), is_end);
            else
                assert_int_equal(container_state_runs(next), e == CE_START);
        }
}

static void done_is_final_and_only_waiting_starts(void **state)
{
    enum container_state next;

    (void)state;
    for (enum container_event e = 0; e < CE_EVENTS; e++)
        assert_false(container_state_next(C_DONE, e, &next));
    for (enum container_state s = 0; s < C_STATES; s++)
        assert_int_equal(container_state_next(s, CE_START, &next), s == C_WAITING);
}

static void all_have_words(void **state)
{
    (void)state;
    for (enum container_state s = 0; s < C_STATES; s++)
        assert_true(strlen(container_state_word(s)) > 0);
    for (enum container_event e = 0; e < CE_EVENTS; e++)
        assert_true(strlen(container_event_words(e)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_leads_somewhere_or_changes_nothing),
        cmocka_unit_test(processes_begin_and_end_by_their_events),
        cmocka_unit_test(done_is_final_and_only_waiting_starts),
        cmocka_unit_test(all_have_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
