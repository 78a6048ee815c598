/* SPDX-License-Identifier: Apache-2.0
 *
 * identity.c - from the daemon's user to the job's
 *
 * The directories are made while we are still the daemon's user, below a parent
 * that only the daemon may write. Afterwards no way leads back.
 */
#include "shepherd/shepherd.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void look_up(struct owner *owner)
{
    const struct passwd *pw = getpwuid(owner->uid);

    owner->name = pw ? xstrdup(pw->pw_name) : xasprintf("%u", owner->uid);
    owner->home = xstrdup(pw ? pw->pw_dir : "/");
    owner->shell = xstrdup(pw && pw->pw_shell[0] ? pw->pw_shell : "/bin/sh");
}

/* 'parent', and in it "user", the job user's. */
static int make_dir_of_user(const struct shepherd *sh, const char *parent,
                            struct err *err)
{
    cleanup(closep) int fd = -1;
    struct stat st;

    if (mkdir(parent, 0711) && errno != EEXIST)
        return err_sys(err, errno, "%s", parent);
    fd = open(parent, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, errno, "%s", parent);
    if (mkdirat(fd, "user", 0700) == 0 && geteuid() == 0 &&
        fchownat(fd, "user", sh->owner.uid, sh->owner.gid, AT_SYMLINK_NOFOLLOW))
        return err_sys(err, errno, "%s/user", parent);
    if (fstatat(fd, "user", &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode))
        return err_sys(err, errno, "%s/user", parent);
    return 0;
}

static int make_dirs(struct shepherd *sh, struct err *err)
{
    const Berth__Assignment *assignment = sh->assignment;
    int rc = make_dir_of_user(sh, assignment->run_dir, err);

    sh->dir = xasprintf("%s/user", assignment->run_dir);
    if (!rc && assignment->pod_logs[0])
        rc = make_dir_of_user(sh, assignment->pod_logs, err);
    return rc;
}

static int become(const struct owner *owner, struct err *err)
{
    if (geteuid() != 0 || owner->uid == 0)
        return 0;
    if (initgroups(owner->name, owner->gid) && setgroups(1, &owner->gid))
        return err_sys(err, errno, "groups of %s", owner->name);
    if (setresgid(owner->gid, owner->gid, owner->gid) ||
        setresuid(owner->uid, owner->uid, owner->uid))
        return err_sys(err, errno, "cannot become %s", owner->name);
    if (setresuid(-1, 0, -1) == 0)
        return err_set(err, EPERM, "could become root again");
    return 0;
}

static bool is_closed;

void identity_open(void)
{
    if (!is_closed)
        (void)prctl(PR_SET_DUMPABLE, 1);
}

void identity_keep_closed(void)
{
    is_closed = true;
    (void)prctl(PR_SET_DUMPABLE, 0);
}

int identity_assume(struct shepherd *sh, struct err *err)
{
    int rc;

    sh->owner.uid = sh->grant->uid;
    sh->owner.gid = sh->grant->gid;
    look_up(&sh->owner);
    if (geteuid() != 0 && geteuid() != sh->owner.uid)
        return err_set(err, EPERM, "cannot run a job of %s as uid %u", sh->owner.name,
                       (unsigned int)geteuid());
    rc = make_dirs(sh, err);
    return rc ? rc : become(&sh->owner, err);
}

void identity_limits(Berth__Rlimit *const *limits, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct rlimit now;
        rlim_t want = limits[i]->soft;

        if (getrlimit(limits[i]->resource, &now))
            continue;
        want = want > now.rlim_max ? now.rlim_max : want;
        if (want == now.rlim_cur)
            continue;
        now.rlim_cur = want;
        (void)setrlimit(limits[i]->resource, &now);
    }
}

void identity_many_files(void)
{
    struct rlimit now;

    if (getrlimit(RLIMIT_NOFILE, &now))
        return;
    now.rlim_cur = now.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &now);
}
