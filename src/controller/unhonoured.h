/* SPDX-License-Identifier: Apache-2.0
 *
 * unhonoured.h - what a JobSpec can say and this controller does not do yet
 */
#ifndef BERTH_CONTROLLER_UNHONOURED_H
#define BERTH_CONTROLLER_UNHONOURED_H

#include "base/err.h"
#include "wire/messages.pb-c.h"

/* What would change which job runs, where or when is refused: -ENOTSUP, naming
 * the option. For what the job can do without, *warning (a heap string or NULL)
 * gets one more sentence. */
int unhonoured_check(const Berth__JobSpec *spec, char **warning, struct err *err);

#endif
