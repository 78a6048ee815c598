/* SPDX-License-Identifier: Apache-2.0
 *
 * config.c - a container as config.json of the OCI's runtime specification
 *
 * The program runs in a user namespace of Berth's, as root of it, so none is asked
 * for; the network and the host name are those that it finds. The first process has
 * all capabilities of that namespace: it gives them up before it starts a task, and
 * needs them to become the job's user. There are no hooks, and no filter of system
 * calls: the first process installs Berth's own, the same as without a program.
 */
#include "config.h"

#define OCI_VERSION "1.0.2"

static const char *const capabilities[] = {"CAP_AUDIT_CONTROL",
                                           "CAP_AUDIT_READ",
                                           "CAP_AUDIT_WRITE",
                                           "CAP_BLOCK_SUSPEND",
                                           "CAP_CHOWN",
                                           "CAP_DAC_OVERRIDE",
                                           "CAP_DAC_READ_SEARCH",
                                           "CAP_FOWNER",
                                           "CAP_FSETID",
                                           "CAP_IPC_LOCK",
                                           "CAP_IPC_OWNER",
                                           "CAP_KILL",
                                           "CAP_LEASE",
                                           "CAP_LINUX_IMMUTABLE",
                                           "CAP_MAC_ADMIN",
                                           "CAP_MAC_OVERRIDE",
                                           "CAP_MKNOD",
                                           "CAP_NET_ADMIN",
                                           "CAP_NET_BIND_SERVICE",
                                           "CAP_NET_BROADCAST",
                                           "CAP_NET_RAW",
                                           "CAP_SETFCAP",
                                           "CAP_SETGID",
                                           "CAP_SETPCAP",
                                           "CAP_SETUID",
                                           "CAP_SYSLOG",
                                           "CAP_SYS_ADMIN",
                                           "CAP_SYS_BOOT",
                                           "CAP_SYS_CHROOT",
                                           "CAP_SYS_MODULE",
                                           "CAP_SYS_NICE",
                                           "CAP_SYS_PACCT",
                                           "CAP_SYS_PTRACE",
                                           "CAP_SYS_RAWIO",
                                           "CAP_SYS_RESOURCE",
                                           "CAP_SYS_TIME",
                                           "CAP_SYS_TTY_CONFIG",
                                           "CAP_WAKE_ALARM",
                                           "CAP_PERFMON",
                                           "CAP_BPF",
                                           "CAP_CHECKPOINT_RESTORE",
                                           NULL};

static const char *const namespaces[] = {"pid", "ipc", "mount"};

/* NULL when one is not UTF-8, which json_pack passes on. */
static json_t *texts(const char *const *v)
{
    json_t *list = json_array();

    for (; v && *v; v++) {
        if (json_array_append_new(list, json_string(*v))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *limits_of(const struct berth_runtime_container *c)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < c->n_limits; i++)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:I, s:I}", "type", c->limits[i].name, "soft",
                            (json_int_t)c->limits[i].soft, "hard",
                            (json_int_t)c->limits[i].hard));
    return list;
}

static json_t *process_of(const struct berth_runtime_container *c)
{
    return json_pack("{s:b, s:{s:i, s:i}, s:o, s:o, s:s, s:b, s:o, s:{s:o, s:o, s:o}}",
                     "terminal", 0, "user", "uid", 0, "gid", 0, "args", texts(c->argv),
                     "env", texts(c->env), "cwd", "/", "noNewPrivileges", 1, "rlimits",
                     limits_of(c), "capabilities", "bounding", texts(capabilities),
                     "permitted", texts(capabilities), "effective",
                     texts(capabilities));
}

static json_t *mounts_of(const struct berth_runtime_container *c)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < c->n_mounts; i++) {
        json_t *mount =
            json_pack("{s:s, s:s, s:s, s:o}", "destination", c->mounts[i].target,
                      "type", c->mounts[i].type, "source", c->mounts[i].source,
                      "options", texts(c->mounts[i].options));

        if (json_array_append_new(list, mount)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *linux_of(const struct berth_runtime_container *c)
{
    json_t *list = json_array();

    for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
        (void)json_array_append_new(list, json_pack("{s:s}", "type", namespaces[i]));
    return json_pack("{s:o, s:o, s:o}", "namespaces", list, "maskedPaths",
                     texts(c->hidden), "readonlyPaths", texts(c->readonly));
}

json_t *oci_config(const struct berth_runtime_container *container)
{
    return json_pack("{s:s, s:o, s:{s:s, s:b}, s:o, s:o}", "ociVersion", OCI_VERSION,
                     "process", process_of(container), "root", "path", container->root,
                     "readonly", container->read_only, "mounts", mounts_of(container),
                     "linux", linux_of(container));
}
