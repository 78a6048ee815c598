/* SPDX-License-Identifier: Apache-2.0
 *
 * nft.c - hand rules to nft(8)
 *
 * The program, not its library: rules change when a pod with a port of the node comes
 * or goes, and when berthd starts; ten milliseconds then cost less than a library, and
 * its parser of text, inside of a daemon that is root.
 */
#include "podnet/nft.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

#define WORDS_MAX 4096

static const char *find_program(void)
{
    static const char *const places[] = {"/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft",
                                         "/usr/local/sbin/nft"};

    for (size_t i = 0; i < ARRAY_SIZE(places); i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

static int spawn(const char *program, int rules, int words, pid_t *ret)
{
    char *argv[] = {(char[]){"nft"}, (char[]){"-f"}, (char[]){"-"}, NULL};
    char *env[] = {(char[]){"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none;
    int code;

    (void)sigemptyset(&none);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attr);
    (void)posix_spawn_file_actions_adddup2(&actions, rules, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, words, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, words, STDERR_FILENO);
    (void)posix_spawnattr_setsigmask(&attr, &none);
    (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    code = posix_spawn(ret, program, &actions, &attr, argv, env);
    (void)posix_spawnattr_destroy(&attr);
    (void)posix_spawn_file_actions_destroy(&actions);
    return -code;
}

/* The first line of what nft said. */
static int refused(int words, struct err *err)
{
    char text[WORDS_MAX];
    ssize_t len = pread(words, text, sizeof(text) - 1, 0);

    text[len > 0 ? len : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return err_set(err, EIO, "nft: %s", text[0] ? text : "it failed without a word");
}

int nft_apply(const char *rules, struct err *err)
{
    cleanup(closep) int in = memfd_create("rules", MFD_CLOEXEC);
    cleanup(closep) int words = memfd_create("words", MFD_CLOEXEC);
    const char *program = find_program();
    int status = 0, rc;
    pid_t pid;

    if (!program)
        return err_set(err, ENOENT, "nft is missing: install the package nftables");
    if (in < 0 || words < 0 || io_write_full(in, rules, strlen(rules)) ||
        lseek(in, 0, SEEK_SET) < 0)
        return err_sys(err, errno, "hand rules to nft");
    rc = spawn(program, in, words, &pid);
    if (rc)
        return err_sys(err, -rc, "start %s", program);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : refused(words, err);
}
