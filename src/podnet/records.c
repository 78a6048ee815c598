/* SPDX-License-Identifier: Apache-2.0
 *
 * records.c - what is known of each pod's network after a restart
 */
#include "podnet/records.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"

#define RECORD_BYTES_MAX (64u << 10)

char *record_text(const struct podnet_pod *pod)
{
    struct strbuf sb = STRBUF_INIT;
    char text[IPV4_TEXT_MAX];

    strbuf_printf(&sb, "address %s\n", ipv4_text(pod->address, text));
    for (size_t i = 0; i < pod->n_ports; i++) {
        const struct podnet_port *port = &pod->ports[i];

        strbuf_printf(&sb, "port %s %u %u %s\n", port->is_udp ? "udp" : "tcp",
                      port->host_port, port->pod_port, ipv4_text(port->host_ip, text));
    }
    return strbuf_take(&sb);
}

static int parse_port(const char *line, struct podnet_port *ret)
{
    char protocol[4], ip[IPV4_TEXT_MAX];
    int end = 0;

    if (sscanf(line, "port %3s %" SCNu16 " %" SCNu16 " %15s%n", protocol,
               &ret->host_port, &ret->pod_port, ip, &end) != 4 ||
        line[end] || ipv4_parse(ip, &ret->host_ip, NULL))
        return -EINVAL;
    ret->is_udp = strcmp(protocol, "udp") == 0;
    return ret->is_udp || strcmp(protocol, "tcp") == 0 ? 0 : -EINVAL;
}

int record_parse(const char *text, struct podnet_pod *ret)
{
    cleanup(strv_freep) char **lines = strv_split(text, "\n");
    cleanup(freep) struct podnet_port *ports = NULL;
    size_t n = strv_len(lines);

    if (n == 0 || n > RECORD_PORTS_MAX + 1 || strncmp(lines[0], "address ", 8) != 0 ||
        ipv4_parse(lines[0] + 8, &ret->address, NULL))
        return -EINVAL;
    ports = xcalloc(n, sizeof(*ports));
    for (size_t i = 1; i < n; i++)
        if (parse_port(lines[i], &ports[i - 1]))
            return -EINVAL;
    ret->n_ports = n - 1;
    ret->ports = take(ports);
    return 0;
}

static char *path_of(const char *dir, const struct podnet_pod *pod)
{
    return xasprintf("%s/%u.%u", dir, pod->job, pod->epoch);
}

int record_save(const char *dir, const struct podnet_pod *pod, struct err *err)
{
    cleanup(freep) char *path = path_of(dir, pod);
    cleanup(freep) char *text = record_text(pod);

    return io_write_file_atomic(path, text, strlen(text), 0600, err);
}

void record_drop(const char *dir, const struct podnet_pod *pod)
{
    cleanup(freep) char *path = path_of(dir, pod);

    (void)unlink(path);
}

static int load_one(const char *path, const char *name, struct podnet_pod *ret)
{
    cleanup(freep) char *text = NULL;
    int end = 0;

    if (sscanf(name, "%" SCNu32 ".%" SCNu32 "%n", &ret->job, &ret->epoch, &end) != 2 ||
        name[end] || io_read_file(path, RECORD_BYTES_MAX, &text, NULL, NULL))
        return -EINVAL;
    return record_parse(text, ret);
}

int records_load(const char *dir, struct podnet_pod **ret, size_t *ret_n,
                 struct err *err)
{
    int rc = io_mkdir_p(dir, 0700, err);
    struct podnet_pod *pods = NULL;
    const struct dirent *entry;
    size_t n = 0;
    DIR *d;

    if (rc)
        return rc;
    d = opendir(dir);
    if (!d)
        return err_sys(err, errno, "%s", dir);
    while ((entry = readdir(d))) {
        cleanup(freep) char *path = xasprintf("%s/%s", dir, entry->d_name);
        struct podnet_pod pod = {0};

        if (entry->d_name[0] == '.')
            continue;
        if (load_one(path, entry->d_name, &pod)) {
            (void)unlink(path);
            continue;
        }
        pods = xrealloc(pods, n + 1, sizeof(*pods));
        pods[n++] = pod;
    }
    (void)closedir(d);
    *ret = pods;
    *ret_n = n;
    return 0;
}
