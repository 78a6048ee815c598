/* SPDX-License-Identifier: Apache-2.0
 *
 * helper.c - one program, a few bytes in, a few bytes out, not for ever
 */
#include "registry/helper.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define OUTPUT_MAX 65536
#define WAIT_MAX 30 /* seconds */

extern char **environ;

static bool is_name(const char *s)
{
    if (!*s || *s == '.' || *s == '-')
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
            return false;
    return true;
}

/* One socket is its stdin and stdout; its stderr is ours. */
static int start(const char *program, const char *verb, int theirs, pid_t *ret_pid)
{
    char *argv[] = {xstrdup(program), xstrdup(verb), NULL};
    posix_spawn_file_actions_t actions;
    int r;

    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, theirs, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, theirs, STDOUT_FILENO);
    r = posix_spawnp(ret_pid, program, &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    freep(&argv[0]);
    freep(&argv[1]);
    return -r;
}

static int read_output(int fd, struct strbuf *output)
{
    int64_t end = clock_ms() + WAIT_MAX * 1000;
    char chunk[4096];

    for (;;) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        int64_t left = end - clock_ms();
        ssize_t n;

        if (left <= 0 || output->len > OUTPUT_MAX)
            return left <= 0 ? -ETIMEDOUT : -EFBIG;
        if (poll(&poller, 1, (int)left) <= 0)
            continue;
        n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return (int)n;
        strbuf_add(output, chunk, (size_t)n);
    }
}

static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int judge(const char *program, int r, int status, const struct strbuf *output,
                 struct err *err)
{
    if (r < 0)
        return err_sys(err, -r, "%s does not answer", program);
    if (status == 0)
        return 0;
    if (output->s && strstr(output->s, "credentials not found"))
        return err_set(err, ENOENT, "%s knows nothing of it", program);
    return err_set(err, EIO, "%s failed (%d): %.200s", program, status,
                   output->len ? output->s : "it says nothing");
}

int helper_run(const char *name, const char *verb, const char *input, char **ret_output,
               size_t *ret_len, struct err *err)
{
    cleanup(freep) char *program = xasprintf("docker-credential-%s", name);
    cleanup(strbuf_fini) struct strbuf output = STRBUF_INIT;
    cleanup(closep) int ours = -1, theirs = -1;
    int fds[2], r, status;
    pid_t pid;

    if (!is_name(name))
        return err_set(err, EINVAL, "'%.40s' is no name of a credential helper", name);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return err_sys(err, errno, "%s", program);
    ours = fds[0];
    theirs = fds[1];
    r = start(program, verb, theirs, &pid);
    if (r < 0)
        return err_sys(err, -r, "cannot run %s", program);
    closep(&theirs);
    theirs = -1;
    if (send(ours, input, strlen(input), MSG_NOSIGNAL) < 0 && errno != EPIPE)
        r = -errno;
    (void)shutdown(ours, SHUT_WR);
    if (r == 0)
        r = read_output(ours, &output);
    if (r < 0)
        (void)kill(pid, SIGKILL);
    status = wait_for(pid);
    r = judge(program, r, status, &output, err);
    if (r < 0)
        return r;
    *ret_len = output.len;
    *ret_output = strbuf_take(&output);
    return 0;
}
