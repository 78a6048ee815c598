/* SPDX-License-Identifier: Apache-2.0
 *
 * login_env.c - the environment that the user's login shell ends up with
 *
 * As Slurm has it: su - USER -c env. We are the user already, so a shell whose name
 * begins with a dash will do. What profiles print comes before the mark.
 */
#include "options/login_env.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "base/units.h"

#define SECONDS_USUAL 8
#define SECONDS_MAX 3600
#define ENV_MAX (4u << 20)
#define MARK "berth-environment"
#define COMMAND "printf '\\0" MARK "\\0'; /usr/bin/env -0"

int login_env_how(const char *text, unsigned int *ret_seconds, bool *ret_is_login,
                  struct err *err)
{
    size_t digits = strspn(text, "0123456789");
    cleanup(freep) char *number = xstrndup(text, digits);
    const char *mode = text + digits;
    int64_t seconds = SECONDS_USUAL;
    int rc = digits ? number_parse(number, 1, SECONDS_MAX, &seconds, err) : 0;

    if (rc)
        return rc;
    if (strcmp(mode, "") != 0 && strcmp(mode, "S") != 0 && strcmp(mode, "L") != 0)
        return err_set(err, EINVAL, "'%.20s' is not [SECONDS][S|L]", text);
    *ret_seconds = (unsigned int)seconds;
    *ret_is_login = mode[0] != 'S';
    return 0;
}

/* ------------------------------------------------------------------ the shell */

static char **bare_env(const struct passwd *pw)
{
    char **env = NULL;

    strv_setenv(&env, "HOME", pw->pw_dir);
    strv_setenv(&env, "USER", pw->pw_name);
    strv_setenv(&env, "LOGNAME", pw->pw_name);
    strv_setenv(&env, "SHELL", pw->pw_shell);
    strv_setenv(&env, "PATH", "/usr/local/bin:/usr/bin:/bin");
    return env;
}

/* In a session of its own, so that it has no terminal and can be ended whole. */
static int start_shell(const struct passwd *pw, bool is_login, int out, pid_t *ret_pid)
{
    const char *slash = strrchr(pw->pw_shell, '/');
    cleanup(freep) char *name =
        xasprintf("%s%s", is_login ? "-" : "", slash ? slash + 1 : pw->pw_shell);
    char option[] = "-c", command[] = COMMAND;
    char *argv[] = {name, option, command, NULL};
    cleanup(strv_freep) char **env = bare_env(pw);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int rc;

    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, out, 1);
    (void)posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    (void)posix_spawnattr_init(&attr);
    (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
    rc = posix_spawn(ret_pid, pw->pw_shell, &actions, &attr, argv, env);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attr);
    return -rc;
}

static int read_until(int fd, int64_t deadline, struct strbuf *out)
{
    char chunk[4096];

    for (;;) {
        int64_t left = deadline - clock_ms();
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        ssize_t n;

        if (left <= 0 || out->len > ENV_MAX)
            return -ETIMEDOUT;
        if (poll(&pfd, 1, (int)left) <= 0)
            continue;
        n = read(fd, chunk, sizeof(chunk));
        if (n == 0)
            return 0;
        if (n > 0)
            strbuf_add(out, chunk, (size_t)n);
        else if (errno != EINTR)
            return -errno;
    }
}

/* ------------------------------------------------------------------ its words */

static bool is_the_shells(const char *var)
{
    static const char *const names[] = {"_=", "SHLVL=", "PWD=", "OLDPWD="};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strncmp(var, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static int parse(const struct strbuf *text, char ***ret_env)
{
    bool has_begun = false;

    for (size_t at = 0; at < text->len;) {
        const char *item = text->s + at;
        size_t len = strnlen(item, text->len - at);

        if (has_begun && memchr(item, '=', len) && !is_the_shells(item))
            strv_take(ret_env, xstrndup(item, len));
        has_begun |= len == strlen(MARK) && memcmp(item, MARK, len) == 0;
        at += len + 1;
    }
    return has_begun ? 0 : -EPROTO;
}

int login_env_read(unsigned int seconds, bool is_login, char ***ret_env,
                   struct err *err)
{
    const struct passwd *pw = getpwuid(getuid());
    cleanup(strv_freep) char **env = NULL;
    struct strbuf text = STRBUF_INIT;
    int fds[2], rc;
    pid_t pid;

    if (!pw || !pw->pw_shell || !pw->pw_shell[0])
        return err_set(err, ENOENT, "you have no login shell");
    if (pipe2(fds, O_CLOEXEC))
        return err_sys(err, errno, "pipe");
    rc = start_shell(pw, is_login, fds[1], &pid);
    close(fds[1]);
    if (rc == 0) {
        rc = read_until(fds[0], clock_ms() + seconds * INT64_C(1000), &text);
        (void)kill(-pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
    }
    close(fds[0]);
    if (rc == 0)
        rc = parse(&text, &env);
    strbuf_fini(&text);
    if (rc == -ETIMEDOUT)
        return err_set(err, ETIMEDOUT, "%s did not end within %u s", pw->pw_shell,
                       seconds);
    if (rc)
        return err_set(err, -rc, "%s did not tell its environment: %s", pw->pw_shell,
                       strerror(-rc));
    *ret_env = take(env);
    return 0;
}

void login_env_add(char *const *login, char ***env)
{
    for (; login && *login; login++) {
        size_t len = strcspn(*login, "=");
        cleanup(freep) char *name = xstrndup(*login, len);

        if (!strv_getenv(*env, name))
            strv_add(env, *login);
    }
}
