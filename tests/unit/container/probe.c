/* SPDX-License-Identifier: Apache-2.0
 *
 * probe.c - looks around inside a container and prints what it sees
 *
 * Linked statically: it is the only program of the test image.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "only in this task's memory"

extern char **environ;

static int fail(const char *what)
{
    (void)printf("%s: %s\n", what, strerror(errno));
    return 1;
}

static int do_ids(char **argv)
{
    (void)argv;
    return printf("%u %u\n", getuid(), getgid()) < 0;
}

static int do_link(char **argv)
{
    char text[512];
    ssize_t n = readlink(argv[0], text, sizeof(text) - 1);

    if (n < 0)
        return fail(argv[0]);
    return printf("%.*s\n", (int)n, text) < 0;
}

static int do_cat(char **argv)
{
    char text[4096];
    ssize_t n;
    int fd = open(argv[0], O_RDONLY);

    if (fd < 0)
        return fail(argv[0]);
    while ((n = read(fd, text, sizeof(text))) > 0)
        (void)fwrite(text, 1, (size_t)n, stdout);
    return 0;
}

static int do_write(char **argv)
{
    int fd = open(argv[0], O_WRONLY | O_CREAT, 0644);

    if (fd < 0 || write(fd, argv[1], strlen(argv[1])) < 0)
        return fail(argv[0]);
    return printf("ok\n") < 0;
}

static int do_mkdir(char **argv)
{
    return mkdir(argv[0], 0755) ? fail(argv[0]) : printf("ok\n") < 0;
}

static int do_rmdir(char **argv)
{
    return rmdir(argv[0]) ? fail(argv[0]) : printf("ok\n") < 0;
}

static int do_list(char **argv)
{
    DIR *dir = opendir(argv[0]);
    struct dirent *e;

    if (!dir)
        return fail(argv[0]);
    while ((e = readdir(dir))) {
        if (e->d_name[0] != '.')
            (void)printf("%s ", e->d_name);
    }
    (void)printf("\n");
    return closedir(dir);
}

static int do_stat(char **argv)
{
    struct stat st;

    if (lstat(argv[0], &st))
        return fail(argv[0]);
    return printf("%o\n", st.st_mode) < 0;
}

static int do_pwd(char **argv)
{
    char text[4096];

    (void)argv;
    return getcwd(text, sizeof(text)) ? printf("%s\n", text) < 0 : fail("getcwd");
}

static int do_fds(char **argv)
{
    (void)argv;
    for (int fd = 0; fd < 1024; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            (void)printf("%d ", fd);
    }
    return printf("\n") < 0;
}

static int do_exit(char **argv)
{
    return atoi(argv[0]);
}

static int do_die(char **argv)
{
    return raise(atoi(argv[0]));
}

static int do_sleep(char **argv)
{
    (void)argv;
    (void)printf("%d\n", getpid());
    (void)fflush(stdout);
    return pause();
}

/* Leave a process behind that ends by itself, and one that does not. */
static int do_orphans(char **argv)
{
    (void)argv;
    if (fork() == 0) {
        if (fork() == 0)
            (void)usleep(20000);
        _exit(0);
    }
    if (fork() == 0) {
        for (;;)
            (void)pause();
    }
    return 0;
}

/* Wait until only init, we and 'count' others are left. */
static int do_wait_alone(char **argv)
{
    int want = atoi(argv[0]) + 2, seen = 0;

    for (int i = 0; i < 500 && seen != want; i++) {
        DIR *dir = opendir("/proc");
        struct dirent *e;

        seen = 0;
        while (dir && (e = readdir(dir)))
            seen += e->d_name[0] >= '1' && e->d_name[0] <= '9';
        (void)closedir(dir);
        (void)usleep(10000);
    }
    return printf("%d\n", seen - 2) < 0;
}

static int do_cpus(char **argv)
{
    cpu_set_t set;

    (void)argv;
    if (sched_getaffinity(0, sizeof(set), &set))
        return fail("sched_getaffinity");
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, &set))
            (void)printf("%d ", i);
    }
    return printf("\n") < 0;
}

static int do_secret(char **argv)
{
    static char secret[] = SECRET;

    (void)argv;
    (void)printf("%d %p\n", getpid(), (void *)secret);
    (void)fflush(stdout);
    return pause();
}

static int do_peek(char **argv)
{
    char text[sizeof(SECRET)] = "";
    struct iovec to = {.iov_base = text, .iov_len = sizeof(text)};
    struct iovec from = {.iov_base = (void *)strtoull(argv[1], NULL, 16),
                         .iov_len = sizeof(text)};

    if (process_vm_readv(atoi(argv[0]), &to, 1, &from, 1, 0) < 0)
        return fail("process_vm_readv");
    return printf("%s\n", text) < 0;
}

static int do_env_bytes(char **argv)
{
    size_t bytes = 0;

    (void)argv;
    for (char **e = environ; *e; e++)
        bytes += strlen(*e) + 1;
    return printf("%zu\n", bytes) < 0;
}

static int do_echo(char **argv)
{
    char text[256];
    ssize_t n = read(0, text, sizeof(text));

    (void)argv;
    return n < 0 ? fail("stdin") : printf("%.*s", (int)n, text) < 0;
}

static int do_signals(char **argv)
{
    struct sigaction sa;
    int ignored = 0;

    (void)argv;
    for (int i = 1; i < 32; i++)
        ignored += sigaction(i, NULL, &sa) == 0 && sa.sa_handler != SIG_DFL;
    return printf("%d\n", ignored) < 0;
}

/* A system call by number, with the arguments that follow. */
static int do_call(char **argv)
{
    long a[7] = {0};
    long rc;

    for (int i = 0; i < 7 && argv[i]; i++)
        a[i] = (long)strtoull(argv[i], NULL, 0);
    rc = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
    return printf("%s\n", rc < 0 ? strerror(errno) : "ok") < 0;
}

/* The session keyring, and who is its session's first process. */
static int do_session(char **argv)
{
    (void)argv;
    return printf("%ld %d\n", syscall(SYS_keyctl, 0L, -3L, 0L), getsid(0) == getpid()) <
           0;
}

/* What a closed port on the loopback device answers; when that is down, another. */
static int do_connect(char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(9),
                             .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)argv;
    (void)connect(fd, (struct sockaddr *)&to, sizeof(to));
    return printf("%s\n", strerror(errno)) < 0;
}

static int do_limits(char **argv)
{
    struct rlimit core, memlock;

    (void)argv;
    if (getrlimit(RLIMIT_CORE, &core) || getrlimit(RLIMIT_MEMLOCK, &memlock))
        return fail("getrlimit");
    return printf("%lu %lu\n", core.rlim_cur, memlock.rlim_cur) < 0;
}

#if defined(__x86_64__)
/* getpid by the way of 32 bit programs. */
static int do_call32(char **argv)
{
    long nr = 20;

    (void)argv;
    __asm__ volatile("int $0x80" : "+a"(nr) : : "memory", "r8", "r9", "r10", "r11");
    return printf("%ld\n", nr) < 0;
}
#endif

/* Whom a new file belongs to after it was given to somebody else. */
static int do_give_away(char **argv)
{
    struct stat st;

    if (chown(argv[0], 77, 77) || setgroups(0, NULL) || setresuid(77, 77, 77) ||
        mknod("/a-device", S_IFBLK | 0600, 0x0801))
        return fail(argv[0]);
    if (stat(argv[0], &st))
        return fail("stat");
    return printf("%s %u\n", st.st_uid == getuid() ? "mine" : "another's",
                  access("/a-device", F_OK) == 0) < 0;
}

static const struct {
    const char *name;
    int (*run)(char **argv);
} commands[] = {
    {"ids", do_ids},
    {"link", do_link},
    {"cat", do_cat},
    {"write", do_write},
    {"mkdir", do_mkdir},
    {"list", do_list},
    {"stat", do_stat},
    {"pwd", do_pwd},
    {"fds", do_fds},
    {"exit", do_exit},
    {"die", do_die},
    {"sleep", do_sleep},
    {"cpus", do_cpus},
    {"orphans", do_orphans},
    {"wait-alone", do_wait_alone},
    {"peek", do_peek},
    {"secret", do_secret},
    {"env-bytes", do_env_bytes},
    {"echo", do_echo},
    {"rmdir", do_rmdir},
    {"signals", do_signals},
    {"call", do_call},
    {"give-away", do_give_away},
    {"connect", do_connect},
    {"session", do_session},
    {"limits", do_limits},
#if defined(__x86_64__)
    {"call32", do_call32},
#endif
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (!strcmp(argv[1], commands[i].name))
            return commands[i].run(argv + 2);
    }
    return 99;
}
