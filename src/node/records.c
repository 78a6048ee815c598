/* SPDX-License-Identifier: Apache-2.0
 *
 * records.c - what berthd must know again after a restart
 *
 * One small file a shepherd, made with O_EXCL before the shepherd gets its
 * work: the same step of the same epoch cannot be started twice on a node,
 * whatever is repeated. They need no fsync: a power cut that loses a record also
 * ends the shepherd it speaks of.
 *
 *     PID START UID \n packed PodGrant, when it is the lead of a pod
 */
#include "node/node.h"

#include "base/io.h"
#include "base/mem.h"
#include "wire/pack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 256
#define RECORD_MAX (256u << 10)

static char *record_path(const struct node *node, uint32_t job, uint32_t epoch,
                         int64_t step)
{
    return xasprintf("%s/steps/%u.%u.%" PRId64, node->state_dir, job, epoch, step);
}

static int write_record(int fd, const struct record *record)
{
    char text[LINE_MAX_BYTES];
    cleanup(freep) uint8_t *granted = NULL;
    size_t granted_len = 0;
    int len =
        snprintf(text, sizeof(text), "%d %" PRIu64 " %u\n", (int)record->process.pid,
                 record->process.start, (unsigned int)record->uid);

    if (record->granted)
        granted = pack_message(&record->granted->base, &granted_len);
    if ((size_t)len + granted_len > RECORD_MAX)
        return -E2BIG;
    if (io_write_full(fd, text, (size_t)len))
        return -ENOSPC;
    return granted_len && io_write_full(fd, granted, granted_len) ? -ENOSPC : 0;
}

int record_create(const struct node *node, const struct record *record, struct err *err)
{
    cleanup(freep) char *path =
        record_path(node, record->job, record->epoch, record->step);
    cleanup(closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int rc;

    if (fd < 0 && errno == EEXIST)
        return err_set(err, EEXIST, "job %u epoch %u runs here already", record->job,
                       record->epoch);
    if (fd < 0)
        return err_sys(err, errno, "%s", path);
    rc = write_record(fd, record);
    if (rc) {
        (void)unlink(path);
        return err_sys(err, -rc, "%s", path);
    }
    return 0;
}

void record_remove(const struct node *node, uint32_t job, uint32_t epoch, int64_t step)
{
    cleanup(freep) char *path = record_path(node, job, epoch, step);

    (void)unlink(path);
}

static bool record_read(const struct node *node, const char *name, struct record *rec)
{
    cleanup(freep) char *path = xasprintf("%s/steps/%s", node->state_dir, name);
    cleanup(freep) char *text = NULL;
    const char *rest;
    size_t len;
    int pid;

    rec->granted = NULL;
    if (sscanf(name, "%u.%u.%" SCNd64, &rec->job, &rec->epoch, &rec->step) != 3)
        return false;
    if (io_read_file(path, RECORD_MAX, &text, &len, NULL))
        return false;
    if (sscanf(text, "%d %" SCNu64 " %u", &pid, &rec->process.start, &rec->uid) != 3)
        return false;
    rec->process.pid = pid;
    rest = memchr(text, '\n', len);
    if (rest && (size_t)(rest - text) + 1 < len)
        rec->granted = unpack_message(&berth__pod_grant__descriptor, rest + 1,
                                      len - (size_t)(rest - text) - 1);
    return true;
}

int record_each(const struct node *node, void (*each)(const struct record *, void *),
                void *ctx, struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/steps", node->state_dir);
    DIR *dir = opendir(path);
    struct dirent *entry;

    if (!dir)
        return err_sys(err, errno, "%s", path);
    while ((entry = readdir(dir))) {
        struct record record;

        if (!record_read(node, entry->d_name, &record))
            continue;
        each(&record, ctx);
        free_message(record.granted);
    }
    (void)closedir(dir);
    return 0;
}

static char *grant_key_path(const struct node *node)
{
    return xasprintf("%s/grant_key", node->state_dir);
}

int grant_key_load(struct node *node)
{
    cleanup(freep) char *path = grant_key_path(node);
    cleanup(freep) char *bytes = NULL;
    size_t len;
    int rc = io_read_file(path, sizeof(node->grant_key), &bytes, &len, NULL);

    if (rc || len != sizeof(node->grant_key))
        return -ENOENT;
    memcpy(node->grant_key, bytes, len);
    node->has_grant_key = true;
    return 0;
}

int grant_key_save(const struct node *node, struct err *err)
{
    cleanup(freep) char *path = grant_key_path(node);

    return io_write_file_atomic(path, node->grant_key, sizeof(node->grant_key), 0600,
                                err);
}
