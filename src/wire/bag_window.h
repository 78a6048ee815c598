/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_window.h - how far a client may be ahead with the commands of a bag
 */
#ifndef BERTH_WIRE_BAG_WINDOW_H
#define BERTH_WIRE_BAG_WINDOW_H

/* A client may have so many bytes in a bag that were not handed out yet: each command
 * counts its argv and BAG_COMMAND_COST. */
#define BAG_WINDOW (1u << 20)
#define BAG_COMMAND_COST 64

#endif
