/* SPDX-License-Identifier: Apache-2.0
 *
 * fair_bound.h - how much each of several users may keep of what is bounded in total
 */
#ifndef BERTH_CONTROLLER_FAIR_BOUND_H
#define BERTH_CONTROLLER_FAIR_BOUND_H

#include <stddef.h>

/* The largest number, at most 'each', such that all together have at most 'all' when
 * each of the 'n' users keeps so many of what he has. Who has less than that loses
 * nothing, whatever the others do. Pure. */
size_t fair_bound(const size_t *has, size_t n, size_t each, size_t all);

#endif
