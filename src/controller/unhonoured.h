/* SPDX-License-Identifier: Apache-2.0
 *
 * unhonoured.h - what a JobSpec can say and this controller does not do yet
 */
#ifndef BERTH_CONTROLLER_UNHONOURED_H
#define BERTH_CONTROLLER_UNHONOURED_H

#include "wire/messages.pb-c.h"

/* *warning (a heap string or NULL) gets a sentence for each wish, naming the option. */
void unhonoured_warn(const Berth__JobSpec *spec, char **warning);

#endif
