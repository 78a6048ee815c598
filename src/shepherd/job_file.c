/* SPDX-License-Identifier: Apache-2.0
 *
 * job_file.c - small files in a job's directory that are the same for all its steps
 *
 * Steps that begin at the same time mount them, and what is mounted must not be
 * replaced under their hands.
 */
#include "shepherd/job_file.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool job_file_is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static int write_beside(const char *path, const char *text, struct err *err)
{
    cleanup(closep) int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    int rc;

    if (fd < 0)
        return err_sys(err, errno, "cannot write %s", path);
    rc = io_write_full(fd, text, strlen(text));
    return rc ? err_sys(err, -rc, "cannot write %s", path) : 0;
}

int job_file_write_once(const char *path, const char *text, struct err *err)
{
    cleanup(freep) char *beside = xasprintf("%s.%d", path, (int)getpid());
    int rc;

    if (job_file_is_there(path))
        return 0;
    rc = write_beside(beside, text, err);
    if (!rc && link(beside, path) && errno != EEXIST)
        rc = err_sys(err, errno, "cannot write %s", path);
    (void)unlink(beside);
    return rc;
}
