/* SPDX-License-Identifier: Apache-2.0
 *
 * tar_tree.h - files to a tar stream, and back
 *
 * Both ends of berth cp. Who unpacks trusts nothing that comes: every name is resolved
 * beneath the target, no link that came is ever followed, nothing is written through a
 * file that was there, devices are left out, and set-uid bits too.
 */
#ifndef BERTH_CLI_TAR_TREE_H
#define BERTH_CLI_TAR_TREE_H

#include "base/err.h"

/* Write 'path' (a link itself, where it is one; what is below, where it is a
 * directory) to 'out', under its last name; "dir/." has no name of its own. What is no
 * file, directory or link is left out with a word. Blocks. */
int tar_pack(const char *path, int out, struct err *err);

/* Unpack 'in' to 'target': into it, when that is a directory; else the one thing that
 * comes gets this name. Blocks. -EPIPE without words when nothing comes. */
int tar_unpack(int in, const char *target, struct err *err);

#endif
