/* SPDX-License-Identifier: Apache-2.0
 *
 * empty_volume.h - empty what a volume held, for the daemon of a node
 */
#ifndef BERTH_CLI_EMPTY_VOLUME_H
#define BERTH_CLI_EMPTY_VOLUME_H

/* .empty UID GID GROUPS ROOTS PATH: lists with commas between. Becomes that user for
 * good before it touches anything (empty_dir_below). 0; what went wrong is on stderr,
 * and the status is 1. */
int empty_volume_main(char **argv);

#endif
