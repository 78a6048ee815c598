/* SPDX-License-Identifier: Apache-2.0
 *
 * reserve_show.h - reservations for people, and as a document for programs
 */
#ifndef BERTH_CLI_RESERVE_SHOW_H
#define BERTH_CLI_RESERVE_SHOW_H

#include <jansson.h>
#include <stdio.h>

#include "wire/messages.pb-c.h"

/* One line each. */
void reserve_list(const Berth__ReservationList *list, size_t width, FILE *out);
/* One paragraph each. */
void reserve_show(const Berth__ReservationList *list, FILE *out);

/* The keys of berth-reserve(1). A new reference. */
json_t *reserve_document(const Berth__ReservationList *list);

#endif
