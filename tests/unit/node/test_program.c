/* SPDX-License-Identifier: Apache-2.0
 *
 * test_program.c - programs that a node's daemon runs: how they ended, what they said
 */
#include "node/program.h"

#include "base/mem.h"
#include "base/process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct told {
    unsigned int n;
    struct program_end end;
    char words[PROGRAM_WORDS_MAX + 1];
};

static void on_end(void *ctx, const struct program_end *end)
{
    struct told *told = ctx;

    told->n++;
    told->end = *end;
    told->end.words = NULL;
    (void)strcpy(told->words, end->words);
}

static struct told run(struct program_wish wish)
{
    char path[] = "PATH=/usr/bin:/bin", *env[] = {path, NULL};
    struct told told = {0};
    uv_loop_t loop;

    wish.env = env;
    assert_int_equal(uv_loop_init(&loop), 0);
    program_run(&loop, &wish, on_end, &told);
    assert_int_equal(told.n, 0);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(told.n, 1);
    assert_int_equal(uv_loop_close(&loop), 0);
    return told;
}

static struct told shell(const char *script, struct program_wish wish)
{
    cleanup(freep) char *text = xstrdup(script);
    char sh[] = "/bin/sh", c[] = "-c", *argv[] = {sh, c, text, NULL};

    wish.argv = argv;
    return run(wish);
}

/* The process whose pid a program has said. */
static struct process named_in(const struct told *told)
{
    struct process process;

    assert_int_equal(process_find(atoi(told->words), &process), 0);
    return process;
}

static void how_it_ended_is_told(void **state)
{
    struct program_wish wish = {0};
    struct told good = shell("exit 0", wish), bad = shell("echo no >&2; exit 3", wish),
                killed = shell("kill -TERM $$", wish);

    (void)state;
    assert_true(program_ended_well(&good.end));
    assert_string_equal(good.words, "");
    assert_false(program_ended_well(&bad.end));
    assert_int_equal(bad.end.status, 3);
    assert_string_equal(bad.words, "no\n");
    assert_false(program_ended_well(&killed.end));
    assert_int_equal(killed.end.signo, SIGTERM);
}

static void long_words_hold_up_nobody_and_are_cut(void **state)
{
    struct told told =
        shell("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done >&2",
              (struct program_wish){0});

    (void)state;
    assert_true(program_ended_well(&told.end));
    assert_int_equal(strlen(told.words), PROGRAM_WORDS_MAX);
    assert_memory_equal(told.words, "0123456789\n0123", 15);
}

static void what_takes_too_long_is_killed(void **state)
{
    struct told told = shell("exec sleep 1000", (struct program_wish){.limit_ms = 20});

    (void)state;
    assert_true(told.end.is_late);
    assert_int_equal(told.end.signo, SIGKILL);
    assert_false(program_ended_well(&told.end));
}

static void a_child_that_stays_is_not_waited_for(void **state)
{
    struct told told = shell("sleep 1000 & echo $! >&2", (struct program_wish){0});
    struct process child = named_in(&told);

    (void)state;
    assert_true(program_ended_well(&told.end));
    assert_int_equal(process_signal(&child, SIGKILL), 0);
}

static void a_child_ends_with_the_session(void **state)
{
    const struct timespec step = {.tv_nsec = 1000000};
    struct told told =
        shell("sleep 1000 & echo $! >&2", (struct program_wish){.has_session = true});
    pid_t pid = atoi(told.words);
    struct process child;

    (void)state;
    assert_true(program_ended_well(&told.end));
    assert_true(pid > 0);
    while (process_find(pid, &child) == 0)
        (void)nanosleep(&step, NULL);
}

static void what_cannot_be_run_is_told_later(void **state)
{
    char missing[] = "/nowhere/to/be/found", *argv[] = {missing, NULL};
    struct told told = run((struct program_wish){.argv = argv, .limit_ms = 20});

    (void)state;
    assert_int_equal(told.end.status, 127);
    assert_string_equal(told.words, "/nowhere/to/be/found: no such file or directory");
    told = run((struct program_wish){.argv = argv, .fault = "there is no room"});
    assert_false(program_ended_well(&told.end));
    assert_string_equal(told.words, "there is no room");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_it_ended_is_told),
        cmocka_unit_test(long_words_hold_up_nobody_and_are_cut),
        cmocka_unit_test(what_takes_too_long_is_killed),
        cmocka_unit_test(a_child_that_stays_is_not_waited_for),
        cmocka_unit_test(a_child_ends_with_the_session),
        cmocka_unit_test(what_cannot_be_run_is_told_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
