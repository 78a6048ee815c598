/* SPDX-License-Identifier: Apache-2.0
 *
 * plan.h - how hooks become parts of a plan
 */
#ifndef BERTH_CDI_PLAN_H
#define BERTH_CDI_PLAN_H

#include "cdi/cdi.h"

/* Add what 'hook' would do: 0, -ENOTSUP (and no words) when that is not known here, or
 * another error with words. */
int plan_understand(struct cdi_plan *plan, const struct cdi_hook *hook,
                    struct err *err);

#endif
