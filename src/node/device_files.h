/* SPDX-License-Identifier: Apache-2.0
 *
 * device_files.h - which files in /dev a GPU on PCI is
 *
 * 'root' stands before /sys, /proc and /dev: "" for this machine.
 */
#ifndef BERTH_NODE_DEVICE_FILES_H
#define BERTH_NODE_DEVICE_FILES_H

/* Of the GPU at 'bus' ("0000:3b:00.0"), with those that all GPUs of its driver share,
 * as far as they are there: NULL-terminated, the caller frees it. NVIDIA's driver tells
 * the minor number in /proc, others are found by their DRM devices. */
char **device_files(const char *root, const char *bus);

/* The variable that names GPUs of that vendor to programs, or NULL. */
const char *device_variable(const char *root, const char *bus);

#endif
