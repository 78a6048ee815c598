/* SPDX-License-Identifier: Apache-2.0
 *
 * external.c - mount what the other program cannot, and become it
 */
#include "container/external.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/mem.h"
#include "container/init.h"
#include "container/isolate.h"
#include "container/rootfs.h"

/* Its words go to a file, and the socket goes along. */
static int hand_over(const struct container_external *external, struct err *err)
{
    cleanup(closep) int log = open(
        external->log, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    sigset_t none;

    if (log < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
        return err_sys(err, errno, "%s", external->log);
    if (dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0) < 0 ||
        fcntl(INIT_SOCK, F_SETFD, 0))
        return err_sys(err, errno, "hand descriptors over");
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    return chdir("/") ? err_sys(err, errno, "enter /") : 0;
}

void external_exec(const struct container_spec *spec, uid_t uid, gid_t gid)
{
    static char path[] =
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    static char *const env[] = {path, NULL};
    const struct container_external *external = spec->external;
    struct err err = {0};

    if (isolate_map_ids(uid, gid, 0, 0, &err) ||
        (spec->no_network && isolate_raise_loopback(&err)) ||
        rootfs_mount_for(spec, &err) || hand_over(external, &err))
        init_fail(INIT_SOCK, &err);
    (void)execvpe(external->argv[0], external->argv, env);
    (void)err_sys(&err, errno, "the container's runtime, %s", external->argv[0]);
    init_fail(INIT_SOCK, &err);
}
