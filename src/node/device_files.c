/* SPDX-License-Identifier: Apache-2.0
 *
 * device_files.c - which files in /dev a GPU on PCI is
 */
#include "node/device_files.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"

#define TEXT_MAX 65536
#define VENDOR_AMD 0x1002
#define VENDOR_INTEL 0x8086
#define VENDOR_NVIDIA 0x10de

static void add_if_there(char ***files, const char *root, const char *name)
{
    cleanup(freep) char *path = xasprintf("%s/dev/%s", root, name);

    if (access(path, F_OK) == 0)
        strv_take(files, xasprintf("/dev/%s", name));
}

/* "Device Minor: 	 3" -> 3; -1: it does not say. */
static long nvidia_minor(const char *root, const char *bus)
{
    cleanup(freep) char *path =
        xasprintf("%s/proc/driver/nvidia/gpus/%s/information", root, bus);
    cleanup(freep) char *text = NULL;
    const char *at;
    char *end;
    long minor;

    if (io_read_file(path, TEXT_MAX, &text, NULL, NULL) < 0)
        return -1;
    at = strstr(text, "Device Minor:");
    if (!at)
        return -1;
    at += strlen("Device Minor:");
    minor = strtol(at, &end, 10);
    return end == at || minor < 0 ? -1 : minor;
}

static void add_nvidia(char ***files, const char *root, long minor)
{
    static const char *const common[] = {"nvidiactl", "nvidia-uvm", "nvidia-uvm-tools",
                                         "nvidia-modeset", "nvidia-caps"};
    cleanup(freep) char *own = xasprintf("nvidia%ld", minor);

    add_if_there(files, root, own);
    for (size_t i = 0; i < ARRAY_SIZE(common); i++)
        add_if_there(files, root, common[i]);
}

static void add_drm(char ***files, const char *root, const char *bus)
{
    cleanup(freep) char *path = xasprintf("%s/sys/bus/pci/devices/%s/drm", root, bus);
    DIR *dir = opendir(path);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        cleanup(freep) char *name = xasprintf("dri/%s", entry->d_name);

        if (strncmp(entry->d_name, "card", 4) == 0 ||
            strncmp(entry->d_name, "renderD", 7) == 0)
            add_if_there(files, root, name);
    }
    if (dir)
        (void)closedir(dir);
}

static unsigned long vendor_of(const char *root, const char *bus)
{
    cleanup(freep) char *path =
        xasprintf("%s/sys/bus/pci/devices/%s/vendor", root, bus);
    cleanup(freep) char *text = NULL;

    if (io_read_file(path, 64, &text, NULL, NULL) < 0)
        return 0;
    return strtoul(text, NULL, 16);
}

char **device_files(const char *root, const char *bus)
{
    long minor = nvidia_minor(root, bus);
    char **files = NULL;

    if (minor >= 0)
        add_nvidia(&files, root, minor);
    add_drm(&files, root, bus);
    if (vendor_of(root, bus) == VENDOR_AMD)
        add_if_there(&files, root, "kfd");
    return files;
}

const char *device_variable(const char *root, const char *bus)
{
    switch (vendor_of(root, bus)) {
    case VENDOR_AMD:
        return "ROCR_VISIBLE_DEVICES";
    case VENDOR_INTEL:
        return "ZE_AFFINITY_MASK";
    case VENDOR_NVIDIA:
        return "CUDA_VISIBLE_DEVICES";
    default:
        return NULL;
    }
}
