/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_pod_log.c - a log that its user may have changed is shown within its bounds,
 * and the tail of it is its end
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "cli/pod_log_show.h"

static char *shown(const char *path, const struct pod_log_query *query, size_t *ret_len)
{
    cleanup(closep) int out = memfd_create("shown", MFD_CLOEXEC);
    char name[40], *text;

    BUG_ON(out < 0);
    BUG_ON(pod_log_show(path, query, out, NULL));
    (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", out);
    BUG_ON(io_read_file(name, 64u << 20, &text, ret_len, NULL));
    return text;
}

static void write_log(const char *path, const uint8_t *data, size_t size)
{
    cleanup(closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    BUG_ON(fd < 0 || io_write_full(fd, data, size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char dir[] = "/tmp/berth-fuzz-log.XXXXXX", path[64];
    struct pod_log_query query = {.tail = -1, .until = -1};
    cleanup(freep) char *all = NULL;
    cleanup(freep) char *part = NULL;
    size_t n_all, n_part;

    if (!path[0]) {
        BUG_ON(!mkdtemp(dir));
        (void)snprintf(path, sizeof(path), "%s/log", dir);
    }
    write_log(path, data, size);
    all = shown(path, &query, &n_all);
    query.tail = 2;
    part = shown(path, &query, &n_part);
    BUG_ON(n_part > n_all || memcmp(all + n_all - n_part, part, n_part) != 0);
    query = (struct pod_log_query){.tail = -1, .until = -1, .limit = 7};
    free(part);
    part = shown(path, &query, &n_part);
    BUG_ON(n_part > 7 || memcmp(all, part, n_part) != 0);
    query = (struct pod_log_query){
        .tail = 3, .until = -1, .timestamps = true, .since = 1700000000};
    free(part);
    part = shown(path, &query, &n_part);
    return 0;
}
