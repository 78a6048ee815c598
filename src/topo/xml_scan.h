/* SPDX-License-Identifier: Apache-2.0
 *
 * xml_scan.h - a look at topology XML before hwloc sees it
 *
 * hwloc recurses once a level of nesting and makes bit maps as long as the
 * largest index it meets, so both are bounded here. Also tells formats apart,
 * so that one we cannot read is refused with its name.
 */
#ifndef BERTH_TOPO_XML_SCAN_H
#define BERTH_TOPO_XML_SCAN_H

#include <stddef.h>

#include "base/err.h"

/* 0, or -EINVAL with words. */
int xml_scan_check(const char *xml, size_t len, struct err *err);

#endif
