/* SPDX-License-Identifier: Apache-2.0
 *
 * interpreter.c - a dynamic loader of a hostile image
 *
 * When a program of the image begins with "#!/proc/self/exe", what is executed is the
 * program of whoever wanted to start it: the container runtime's. It is a file of the
 * host, and the image's loader, this one, runs in its name: /proc/self/exe is the
 * runtime's, in hand of the image (CVE-2019-5736). It says whether it could be
 * written. Without libc, which would take the runtime's headers for its own.
 */
#include <fcntl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
static long call(long number, long a, long b, long c)
{
    long rc;

    __asm__ volatile("syscall"
                     : "=a"(rc)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return rc;
}
#elif defined(__aarch64__)
static long call(long number, long a, long b, long c)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;

    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}
#endif

#define BUSY (-26)

static void say(const char *words)
{
    long len = 0;

    while (words[len])
        len++;
    (void)call(SYS_write, 1, (long)words, len);
}

static long open_exe(long flags)
{
    long rc;

#if defined(SYS_open)
    rc = call(SYS_open, (long)"/proc/self/exe", flags, 0);
#else
    rc = call(SYS_openat, AT_FDCWD, (long)"/proc/self/exe", flags);
#endif
    return rc;
}

void loader(void) __attribute__((noreturn, used, visibility("default")));
void loader(void)
{
    long fd = open_exe(O_RDONLY), writable = open_exe(O_WRONLY);

    if (fd >= 0 && call(SYS_fcntl, fd, F_GET_SEALS, 0) > 0)
        say("interpreter HELD a sealed copy\n");
    else if (writable >= 0 || writable == BUSY)
        say("interpreter ESCAPED the runtime's program can be written\n");
    else
        say("interpreter HELD refused\n");
    for (;;)
        (void)call(SYS_exit_group, 0, 0, 0);
}
