/* SPDX-License-Identifier: Apache-2.0
 *
 * probe.c - run the probes that are named, each in a process of its own
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* No probe takes long, but one that is held may hang. */
#define PATIENCE_SECONDS 30

static const struct probe *const groups[] = {
    file_probes, process_probes, namespace_probes, kernel_probes, flood_probes,
};
#define N_GROUPS (sizeof(groups) / sizeof(*groups))

/* ---------------------------------------------------------------- findings */

static struct finding finding(enum verdict verdict, const char *format, va_list ap)
{
    struct finding found = {.verdict = verdict};

    (void)vsnprintf(found.words, sizeof(found.words), format, ap);
    return found;
}

struct finding escaped(const char *format, ...)
{
    struct finding found;
    va_list ap;

    va_start(ap, format);
    found = finding(ESCAPED, format, ap);
    va_end(ap);
    return found;
}

struct finding held(const char *format, ...)
{
    struct finding found;
    va_list ap;

    va_start(ap, format);
    found = finding(HELD, format, ap);
    va_end(ap);
    return found;
}

struct finding refused(const char *what)
{
    bool is_absent = errno == ENOENT || errno == ENOSYS || errno == ENODEV ||
                     errno == ENXIO || errno == EOPNOTSUPP || errno == EAFNOSUPPORT;
    struct finding found = held("%s: %s", what, strerror(errno));

    found.verdict = is_absent ? ABSENT : HELD;
    return found;
}

struct finding judge(long rc, const char *what)
{
    return rc < 0 ? refused(what) : escaped("%s", what);
}

/* ----------------------------------------------------------------- helpers */

int write_same(const char *path)
{
    char text[4096];
    int in = open(path, O_RDONLY | O_CLOEXEC);
    int out = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t n = in < 0 ? -1 : read(in, text, sizeof(text));
    int code;

    if (out >= 0 && n >= 0)
        n = write(out, text, (size_t)n);
    code = errno;
    if (in >= 0)
        (void)close(in);
    if (out >= 0)
        (void)close(out);
    errno = code;
    return out < 0 || n < 0 ? -1 : 0;
}

struct finding in_child(probe_fn *fn, const char *argument)
{
    struct finding *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct finding found;
    int status = 0;
    pid_t pid;

    if (shared == MAP_FAILED)
        return refused("mmap");
    *shared = (struct finding){.verdict = ABSENT};
    pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)alarm(PATIENCE_SECONDS);
        *shared = fn(argument);
        _exit(0);
    }
    if (pid < 0)
        return refused("fork");
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    found = *shared;
    (void)munmap(shared, sizeof(*shared));
    if (WIFSIGNALED(status))
        return held("ended by signal %d", WTERMSIG(status));
    return found;
}

static int write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int rc = fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0;

    if (fd >= 0)
        (void)close(fd);
    return rc;
}

int become_nested_root(void)
{
    unsigned int uid = geteuid(), gid = getegid();
    char text[64];

    if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
        return -1;
    (void)write_text("/proc/self/setgroups", "deny");
    (void)snprintf(text, sizeof(text), "0 %u 1", uid);
    if (write_text("/proc/self/uid_map", text))
        return -1;
    (void)snprintf(text, sizeof(text), "0 %u 1", gid);
    return write_text("/proc/self/gid_map", text);
}

bool shows_marker(const char *dir, const char *marker)
{
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/../../../../../../../../../../..%s", dir,
                   marker);
    if (access(path, F_OK) == 0)
        return true;
    (void)snprintf(path, sizeof(path), "%s%s", dir, marker);
    return access(path, F_OK) == 0;
}

/* -------------------------------------------------------------------- main */

static const struct probe *find(const char *name, size_t len)
{
    for (size_t g = 0; g < N_GROUPS; g++)
        for (const struct probe *p = groups[g]; p->name; p++)
            if (strlen(p->name) == len && !strncmp(p->name, name, len))
                return p;
    return NULL;
}

static int list(void)
{
    for (size_t g = 0; g < N_GROUPS; g++)
        for (const struct probe *p = groups[g]; p->name; p++)
            (void)puts(p->name);
    return 0;
}

static int run(const char *word)
{
    static const char *const verdicts[] = {
        [HELD] = "HELD", [ESCAPED] = "ESCAPED", [ABSENT] = "ABSENT"};
    size_t len = strcspn(word, "=");
    const struct probe *probe = find(word, len);
    struct finding found;

    if (!probe) {
        (void)fprintf(stderr, "probe: there is no '%.*s'\n", (int)len, word);
        return 2;
    }
    found = in_child(probe->run, word[len] ? word + len + 1 : "");
    (void)printf("%s %s %s\n", probe->name, verdicts[found.verdict], found.words);
    (void)fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    int rc = argc < 2 ? 2 : 0;

    if (argc == 2 && !strcmp(argv[1], "list"))
        return list();
    if (argc == 3 && !strcmp(argv[1], "handle-of"))
        return print_handle(argv[2]);
    if (argc > 3 && !strcmp(argv[1], "with-key"))
        return run_with_key(argv[2], argv + 3);
    for (int i = 1; i < argc && !rc; i++)
        rc = run(argv[i]);
    return rc;
}
