/* SPDX-License-Identifier: Apache-2.0
 *
 * shepherd_program.c - the shepherd's program, kept where nobody can write it
 *
 * A container's first process is a shepherd's, so /proc/self/exe leads a hostile
 * image that gets itself executed in its name to the program's file
 * (CVE-2019-5736). Where the job is root's, or the cluster the user's own, that file
 * could be written as soon as no shepherd runs. So shepherds are started from a
 * sealed copy in memory, one for the life of this daemon; which also means that an
 * upgrade on disk never mixes two versions.
 */
#include "node/node.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
/* Beyond the descriptors that a new process gets. */
#define LOWEST_FD 16

static int open_memory(void)
{
    int fd = memfd_create("berth-shepherd", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

    if (fd < 0 && errno == EINVAL) /* before Linux 6.3 */
        fd = memfd_create("berth-shepherd", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd;
}

/* Not a script, such as libtool's: what reads it needs its name. */
static bool is_binary(int fd)
{
    char magic[4];

    return pread(fd, magic, sizeof(magic), 0) == sizeof(magic) &&
           memcmp(magic, "\177ELF", sizeof(magic)) == 0;
}

static int copy_and_seal(int from, int to)
{
    ssize_t n;

    do
        n = sendfile(to, from, NULL, 1 << 30);
    while (n > 0);
    if (n < 0 || fchmod(to, 0555) ||
        fcntl(to, F_ADD_SEALS,
              F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
        return -errno;
    return 0;
}

/* The descriptor stays open as long as we live. */
static int seal(const char *path, char **ret)
{
    cleanup(closep) int from = open(path, O_RDONLY | O_CLOEXEC);
    cleanup(closep) int memory = -1;
    int rc, fd;

    if (from < 0)
        return -errno;
    if (!is_binary(from))
        return -ENOEXEC;
    memory = open_memory();
    if (memory < 0)
        return -errno;
    rc = copy_and_seal(from, memory);
    if (rc)
        return rc;
    fd = fcntl(memory, F_DUPFD_CLOEXEC, LOWEST_FD);
    if (fd < 0)
        return -errno;
    *ret = xasprintf("/proc/self/fd/%d", fd);
    return 0;
}

char *program_seal(const char *path)
{
    char *sealed = NULL;
    int rc = seal(path, &sealed);

    if (!rc)
        return sealed;
    if (rc != -ENOEXEC && rc != -ENOENT)
        log_warn("%s: no sealed copy: %s", path, strerror(-rc));
    return xstrdup(path);
}
