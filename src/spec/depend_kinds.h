/* SPDX-License-Identifier: Apache-2.0
 *
 * depend_kinds.h - the words for kinds of dependency, for this folder alone
 */
#ifndef BERTH_SPEC_DEPEND_KINDS_H
#define BERTH_SPEC_DEPEND_KINDS_H

/* Indexed by enum depend_kind. */
extern const char *const depend_kind_names[];

#endif
