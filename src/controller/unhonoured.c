/* SPDX-License-Identifier: Apache-2.0
 *
 * unhonoured.c - what a JobSpec can say and this controller does not do yet
 *
 * A wish that is honoured leaves the table.
 */
#include "controller/unhonoured.h"

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static const struct wish {
    const char *field, *option;
} wishes[] = {
    {"mem_all", "--mem=0"},
    {"oversubscribe", "--oversubscribe"},
    {"prefer", "--prefer"},
};

/* Does 'spec' say something in this field? Strings, numbers, flags and lists. */
static bool is_said(const Berth__JobSpec *spec, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(&berth__job_spec__descriptor,
                                                        name);
    const char *base = (const char *)spec;
    const void *member = base + field->offset;

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)(const void *)(base + field->quantifier_offset) > 0;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return **(const char *const *)member != '\0';
    if (field->type == PROTOBUF_C_TYPE_BOOL)
        return *(const protobuf_c_boolean *)member;
    if (field->type == PROTOBUF_C_TYPE_UINT32)
        return *(const uint32_t *)member != 0;
    return *(const int64_t *)member != 0;
}

static void add_warning(char **warning, const char *option)
{
    char *before = take(*warning);

    *warning = xasprintf("%s%s%s is accepted but not honoured yet",
                         before ? before : "", before ? "; " : "", option);
    free(before);
}

void unhonoured_warn(const Berth__JobSpec *spec, char **warning)
{
    for (size_t i = 0; i < ARRAY_SIZE(wishes); i++)
        if (is_said(spec, wishes[i].field))
            add_warning(warning, wishes[i].option);
}
