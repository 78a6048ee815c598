/* SPDX-License-Identifier: Apache-2.0
 *
 * test_seccomp.c - which system calls a container's programs may make
 *
 * Each call is made outside of a filter too, with the same arguments: it must end
 * otherwise there, or it would not be the filter that refuses it.
 */
#include "fixture.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container/seccomp_profile.h"

#define with(name, spec) \
    cleanup(container_destroyp) struct container *name = start(spec)

static struct container_spec unconfined(void)
{
    struct container_spec spec = fixture()->spec;

    spec.unconfined = true;
    return spec;
}

/* What the program prints about call 'nr'. */
static const char *call(struct container *c, long nr, uint64_t a, uint64_t b)
{
    char number[24], first[24], second[24];

    (void)snprintf(number, sizeof(number), "%ld", nr);
    (void)snprintf(first, sizeof(first), "%#lx", a);
    (void)snprintf(second, sizeof(second), "%#lx", b);
    return probe(c, A("call"), number, first, second);
}

struct refused_call {
    long nr;
    uint64_t a, b;
    int code;
};

static const struct refused_call refused[] = {
    {SYS_unshare, CLONE_NEWUSER, 0, EPERM},
    {SYS_unshare, CLONE_NEWUSER | CLONE_FS, 0, EPERM},
    {SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, EPERM},
    {SYS_clone3, 0, 0, ENOSYS},
    {SYS_bpf, 0, 0, EPERM},
    {SYS_keyctl, 0, (uint64_t)-3, EPERM},
    {SYS_userfaultfd, 1, 0, EPERM},
    {SYS_io_uring_setup, 1, 0, ENOSYS},
    {SYS_socket, AF_PACKET, SOCK_RAW, EAFNOSUPPORT},
    /* The kernel takes the lower half of it. */
    {SYS_socket, 0x100000000u | AF_PACKET, SOCK_RAW, EAFNOSUPPORT},
    {SYS_ioctl, 0, TIOCSTI, EPERM},
    {SYS_ioctl, 0, 0x100000000u | TIOCSTI, EPERM},
    {SYS_umount2, 0, 0, EPERM},
    {SYS_open_tree, 0, 0, EPERM},
    {467, 0, 0, EPERM},
    {470, 0, 0, ENOSYS},
};

static void calls_that_reach_beyond_are_refused(void **state)
{
    struct container_spec spec = unconfined();
    with(c, &fixture()->spec);
    with(bare, &spec);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        const struct refused_call *r = &refused[i];
        const char *words = call(c, r->nr, r->a, r->b);

        if (strcmp(words, strerror(r->code)) != 0)
            fail_msg("call %ld(%#lx): %s", r->nr, r->a, words);
        /* A call that this kernel does not have, or allows nobody, tells nothing. */
        words = call(bare, r->nr, r->a, r->b);
        if (!strcmp(words, strerror(r->code)) && r->nr < 467 && r->nr != SYS_bpf)
            fail_msg("call %ld(%#lx) without a filter: %s", r->nr, r->a, words);
    }
}

/* Even where the task has the power: over its own user namespace. */
static void the_containers_root_cannot_mount(void **state)
{
    struct container_spec confined = fixture()->spec, spec = unconfined();
    cleanup(container_destroyp) struct container *c = NULL, *bare = NULL;

    (void)state;
    confined.as_root = spec.as_root = true;
    c = start(&confined);
    bare = start(&spec);
    assert_string_equal(call(c, SYS_unshare, CLONE_NEWNS, 0), strerror(EPERM));
    assert_string_equal(call(bare, SYS_unshare, CLONE_NEWNS, 0), "ok");
    assert_string_equal(call(c, SYS_fsopen, 0, 0), strerror(EPERM));
    assert_string_not_equal(call(bare, SYS_fsopen, 0, 0), strerror(EPERM));
}

static void calls_that_mpi_makes_are_let_through(void **state)
{
    static const long calls[] = {SYS_process_vm_readv,
                                 SYS_process_vm_writev,
                                 SYS_kcmp,
                                 SYS_mbind,
                                 SYS_set_mempolicy,
                                 SYS_move_pages,
                                 SYS_shmget,
                                 SYS_shmat,
                                 SYS_memfd_create,
                                 SYS_ptrace,
                                 SYS_mlock,
                                 SYS_sched_setaffinity,
                                 SYS_get_mempolicy,
                                 SYS_perf_event_open,
                                 SYS_pidfd_open};
    struct container_spec spec = unconfined();
    char without[64];
    with(c, &fixture()->spec);
    with(bare, &spec);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        (void)snprintf(without, sizeof(without), "%s", call(bare, calls[i], 0, 0));
        assert_string_equal(call(c, calls[i], 0, 0), without);
    }
}

static void calls_of_other_architectures_kill(void **state)
{
#if defined(__x86_64__)
    struct container_spec spec = unconfined();
    struct outcome o;
    with(c, &fixture()->spec);
    with(bare, &spec);

    (void)state;
    run(c, &o, A("probe"), A("call32"));
    assert_int_equal(WTERMSIG(o.status), SIGSYS);
    /* x32's getpid. */
    run(c, &o, A("probe"), A("call"), A("0x40000027"));
    assert_int_equal(WTERMSIG(o.status), SIGSYS);
    run(bare, &o, A("probe"), A("call32"));
    assert_true(WIFEXITED(o.status));
#else
    (void)state;
#endif
}

static void owners_can_be_faked(void **state)
{
    struct container_spec spec = fixture()->spec;
    cleanup(container_destroyp) struct container *fake = NULL, *real = NULL;

    (void)state;
    spec.as_root = true;
    real = start(&spec);
    spec.fake_ids = true;
    fake = start(&spec);
    assert_string_equal(probe(fake, A("write"), A("/file"), A("x")), "ok");
    assert_string_equal(probe(fake, A("give-away"), A("/file")), "mine 0");
    assert_string_equal(call(fake, SYS_fsopen, 0, 0), strerror(EPERM));
    assert_string_equal(probe(real, A("write"), A("/file"), A("x")), "ok");
    assert_string_equal(probe(real, A("give-away"), A("/file")),
                        "/file: Invalid argument");
}

static void a_profile_is_added_to_the_filter_or_replaces_it(void **state)
{
    static const char text[] =
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": "
        "[{\"name\": \"getppid\", \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 99}]}";
    cleanup(seccomp_filter_freep) struct seccomp_filter *profile = NULL;
    cleanup(container_destroyp) struct container *both = NULL, *alone = NULL;
    struct container_spec spec = fixture()->spec;
    struct err err;

    (void)state;
    assert_int_equal(seccomp_profile_compile(text, sizeof(text) - 1, &profile, &err),
                     0);
    spec.profile = profile;
    both = start(&spec);
    spec.unconfined = true;
    alone = start(&spec);
    assert_string_equal(call(both, SYS_getppid, 0, 0), strerror(99));
    assert_string_equal(call(alone, SYS_getppid, 0, 0), strerror(99));
    assert_string_equal(call(both, SYS_unshare, CLONE_NEWUSER, 0), strerror(EPERM));
    assert_string_equal(call(alone, SYS_unshare, CLONE_NEWUSER, 0), "ok");
}

static void the_nodes_own_programs_are_under_no_filter(void **state)
{
    struct container_spec spec = fixture()->spec;
    cleanup(freep) char *program = xasprintf("%s/bin/probe", fixture()->base);
    struct outcome o;

    (void)state;
    spec.n_layers = 0;
    with(c, &spec);
    run(c, &o, program, A("cat"), A("/proc/self/status"));
    assert_non_null(strstr(o.out, "Seccomp:\t0"));
    with(image, &fixture()->spec);
    assert_non_null(
        strstr(probe(image, A("cat"), A("/proc/self/status")), "Seccomp:\t2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_that_reach_beyond_are_refused),
        cmocka_unit_test(the_containers_root_cannot_mount),
        cmocka_unit_test(calls_that_mpi_makes_are_let_through),
        cmocka_unit_test(calls_of_other_architectures_kill),
        cmocka_unit_test(owners_can_be_faked),
        cmocka_unit_test(a_profile_is_added_to_the_filter_or_replaces_it),
        cmocka_unit_test(the_nodes_own_programs_are_under_no_filter),
    };

    return run_as_each("system calls", tests, ARRAY_SIZE(tests));
}
