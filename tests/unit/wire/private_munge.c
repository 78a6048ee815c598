/* SPDX-License-Identifier: Apache-2.0
 *
 * private_munge.c - a munged of the test's own
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "private_munge.h"

struct wire_auth munge_auth;

static char dir[64], socket_path[80];
static pid_t munged;

static void write_key(const char *path)
{
    char key[128];
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    memset(key, 'k', sizeof(key));
    assert_true(fd >= 0);
    assert_int_equal(write(fd, key, sizeof(key)), sizeof(key));
    close(fd);
}

static const char *find_munged(void)
{
    static const char *const places[] = {"/usr/sbin/munged", "/usr/local/sbin/munged",
                                         "/sbin/munged"};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (access(places[i], X_OK) == 0)
            return places[i];
    }
    return NULL;
}

static void exec_munged(const char *path)
{
    char args[5][96];
    int null;
    const char *const names[] = {"socket", "key-file", "pid-file", "log-file",
                                 "seed-file"};
    const char *const files[] = {"sock", "key", "pid", "log", "seed"};

    for (int i = 0; i < 5; i++)
        (void)snprintf(args[i], sizeof(args[i]), "--%s=%s/%s", names[i], dir, files[i]);
    /* It goes when the test does, and keeps none of its pipes open. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i < 3; i++)
        (void)dup2(null, i);
    execl(path, "munged", "--foreground", "--force", args[0], args[1], args[2], args[3],
          args[4], (char *)NULL);
    _exit(127);
}

const char *private_munge_start(void)
{
    const char *path = find_munged();
    char key[80];

    if (!path) {
        print_message("munged is not installed\n");
        skip();
    }
    (void)snprintf(dir, sizeof(dir), "/tmp/berth-munge-XXXXXX");
    assert_non_null(mkdtemp(dir));
    /* Other accounts of the tests talk to it too. */
    assert_int_equal(chmod(dir, 0755), 0);
    (void)snprintf(socket_path, sizeof(socket_path), "%s/sock", dir);
    (void)snprintf(key, sizeof(key), "%s/key", dir);
    write_key(key);
    munged = fork();
    if (munged == 0)
        exec_munged(path);
    for (int i = 0; i < 1000 && access(socket_path, W_OK) < 0; i++)
        (void)poll(NULL, 0, 10);
    assert_int_equal(access(socket_path, W_OK), 0);
    munge_auth.munge_socket = socket_path;
    return socket_path;
}

void private_munge_stop(void)
{
    char command[96];

    if (munged > 0) {
        (void)kill(munged, SIGTERM);
        (void)waitpid(munged, NULL, 0);
    }
    munged = 0;
    (void)snprintf(command, sizeof(command), "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
}

int private_munge_setup(void **state)
{
    (void)state;
    (void)private_munge_start();
    return 0;
}

int private_munge_teardown(void **state)
{
    (void)state;
    private_munge_stop();
    return 0;
}
