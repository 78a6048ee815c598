/* SPDX-License-Identifier: Apache-2.0
 *
 * test_seccomp_profile.c - profiles in Docker's form: read, or refused with words
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "container/seccomp_profile.h"

static const char *refused(const char *text)
{
    static struct err err;
    scmp_filter_ctx ctx;

    assert_true(seccomp_profile_read(text, strlen(text), &ctx, &err) < 0);
    return err.text;
}

/* What 'call' says (an errno value) in a process under the profile 'text'. */
static int under(const char *text, long call, long argument)
{
    scmp_filter_ctx ctx;
    struct err err;
    int status;
    pid_t pid;

    if (seccomp_profile_read(text, strlen(text), &ctx, &err))
        fail_msg("%s", err.text);
    pid = fork();
    if (pid == 0)
        _exit(seccomp_load(ctx) ? 200 : syscall(call, argument, 0) >= 0 ? 0 : errno);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    seccomp_release(ctx);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#define ALLOW_BUT(group) \
    "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [" group "]}"

static void a_call_is_refused_with_the_error_asked_for(void **state)
{
    const char *text = ALLOW_BUT("{\"names\": [\"getppid\", \"no_such_call\"], "
                                 "\"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 99}");

    (void)state;
    assert_int_equal(under(text, SYS_getppid, 0), 99);
    assert_int_equal(under(text, SYS_getuid, 0), 0);
}

static void without_a_number_the_error_is_eperm(void **state)
{
    (void)state;
    assert_int_equal(under(ALLOW_BUT("{\"name\": \"getppid\", "
                                     "\"action\": \"SCMP_ACT_ERRNO\"}"),
                           SYS_getppid, 0),
                     EPERM);
}

static void the_default_covers_what_is_not_named(void **state)
{
    const char *text =
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, "
        "\"syscalls\": [{\"names\": [\"exit_group\", \"getuid\", "
        /* The address sanitizer asks where stacks are before a process exits. */
        "\"sigaltstack\"], "
        "\"action\": \"SCMP_ACT_ALLOW\"}]}";

    (void)state;
    assert_int_equal(under(text, SYS_getuid, 0), 0);
    assert_int_equal(under(text, SYS_getppid, 0), ENOSYS);
}

static void an_argument_named_twice_means_either(void **state)
{
    const char *text =
        ALLOW_BUT("{\"names\": [\"umask\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\": ["
                  "{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}, "
                  "{\"index\": 0, \"value\": 2, \"op\": \"SCMP_CMP_EQ\"}]}");

    (void)state;
    assert_int_equal(under(text, SYS_umask, 1), EPERM);
    assert_int_equal(under(text, SYS_umask, 2), EPERM);
    assert_int_equal(under(text, SYS_umask, 3), 0);
}

static void a_mask_is_applied_before_comparing(void **state)
{
    const char *text =
        ALLOW_BUT("{\"names\": [\"umask\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\": ["
                  "{\"index\": 0, \"value\": 18, \"valueTwo\": 16, "
                  "\"op\": \"SCMP_CMP_MASKED_EQ\"}]}");

    (void)state;
    assert_int_equal(under(text, SYS_umask, 16 + 1), EPERM);
    assert_int_equal(under(text, SYS_umask, 18), 0);
}

static void a_group_for_other_machines_or_capabilities_is_left_out(void **state)
{
#define GROUP(who) \
    ALLOW_BUT("{\"names\": [\"getppid\"], \"action\": \"SCMP_ACT_ERRNO\", " who "}")
    (void)state;
    assert_int_equal(
        under(GROUP("\"includes\": {\"caps\": [\"CAP_BPF\"]}"), SYS_getppid, 0), 0);
    assert_int_equal(
        under(GROUP("\"includes\": {\"arches\": [\"vax\"]}"), SYS_getppid, 0), 0);
    assert_int_equal(
        under(GROUP("\"includes\": {\"minKernel\": \"99.1\"}"), SYS_getppid, 0), 0);
    assert_int_equal(
        under(GROUP("\"includes\": {\"minKernel\": \"4.8\"}"), SYS_getppid, 0), EPERM);
    assert_int_equal(
        under(GROUP("\"excludes\": {\"caps\": [\"CAP_BPF\"]}"), SYS_getppid, 0), EPERM);
#undef GROUP
}

static void what_cannot_be_kept_is_refused_by_name(void **state)
{
    static const char *const cases[][2] = {
        {"[1",
         "seccomp profile: not valid JSON: line 1: ']' expected near end of file"},
        {"[]", "seccomp profile: not a JSON object"},
        {"{}", "seccomp profile: defaultAction: there is no action"},
        {"{\"defaultAction\": \"SCMP_ACT_NOTIFY\"}",
         "seccomp profile: defaultAction: SCMP_ACT_NOTIFY: nobody is there to be "
         "asked"},
        {"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": {}}",
         "seccomp profile: syscalls is not a list"},
        {ALLOW_BUT("{\"names\": [\"read\"]}"),
         "seccomp profile: syscalls[0]: there is no action"},
        {ALLOW_BUT("{\"names\": [\"read\"], \"action\": \"DENY\"}"),
         "seccomp profile: syscalls[0]: 'DENY' is not an action"},
        {ALLOW_BUT("{\"action\": \"SCMP_ACT_TRAP\"}"),
         "seccomp profile: syscalls[0]: there are no names"},
        {ALLOW_BUT("{\"names\": [1], \"action\": \"SCMP_ACT_TRAP\"}"),
         "seccomp profile: syscalls[0]: a call's name is not a string"},
        {ALLOW_BUT("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ERRNO\", "
                   "\"errnoRet\": 5000}"),
         "seccomp profile: syscalls[0]: errnoRet: 5000 is not an error number"},
        {ALLOW_BUT("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_TRAP\", \"args\": "
                   "[{\"index\": 6, \"op\": \"SCMP_CMP_EQ\"}]}"),
         "seccomp profile: syscalls[0]: an argument's index is from 0 to 5"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(refused(cases[i][0]), cases[i][1]);
}

static void a_long_text_is_not_even_read(void **state)
{
    cleanup(freep) char *text = xmalloc(SECCOMP_PROFILE_MAX + 2);

    (void)state;
    memset(text, ' ', SECCOMP_PROFILE_MAX + 1);
    text[SECCOMP_PROFILE_MAX + 1] = 0;
    assert_string_equal(refused(text), "seccomp profile: longer than 256 KiB");
}

static void the_number_of_calls_is_bounded(void **state)
{
    struct strbuf text = STRBUF_INIT;

    (void)state;
    strbuf_puts(&text, "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": "
                       "[{\"action\": \"SCMP_ACT_TRAP\", \"names\": [\"read\"");
    for (int i = 0; i < 5000; i++)
        strbuf_puts(&text, ", \"x\"");
    strbuf_puts(&text, "]}]}");
    assert_string_equal(refused(text.s),
                        "seccomp profile: syscalls[0]: more than 4096 calls");
    strbuf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_refused_with_the_error_asked_for),
        cmocka_unit_test(without_a_number_the_error_is_eperm),
        cmocka_unit_test(the_default_covers_what_is_not_named),
        cmocka_unit_test(an_argument_named_twice_means_either),
        cmocka_unit_test(a_mask_is_applied_before_comparing),
        cmocka_unit_test(a_group_for_other_machines_or_capabilities_is_left_out),
        cmocka_unit_test(what_cannot_be_kept_is_refused_by_name),
        cmocka_unit_test(a_long_text_is_not_even_read),
        cmocka_unit_test(the_number_of_calls_is_bounded),
    };

    return cmocka_run_group_tests_name("seccomp profile", tests, NULL, NULL);
}
