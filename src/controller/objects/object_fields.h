/* SPDX-License-Identifier: Apache-2.0
 *
 * object_fields.h - fields by which objects and events can be selected
 */
#ifndef BERTH_CONTROLLER_OBJECT_FIELDS_H
#define BERTH_CONTROLLER_OBJECT_FIELDS_H

#include "spec/field_spec.h"
#include "wire/messages.pb-c.h"

/* A selector as a person writes it; those of 'kind', which may be NULL: of any. -EINVAL
 * with the fields that there are. */
int object_fields_parse(const char *kind, const char *text, struct field_spec *ret,
                        struct err *err);
bool object_fields_hold(const struct field_spec *spec,
                        const Berth__ObjectRecord *record);

int event_fields_parse(const char *text, struct field_spec *ret, struct err *err);
bool event_fields_hold(const struct field_spec *spec, const Berth__ObjectEvent *event);

#endif
