/* SPDX-License-Identifier: Apache-2.0
 *
 * object_fields.c - fields by which objects and events can be selected
 */
#include "controller/objects/object_fields.h"

#include <string.h>

#include "base/mem.h"

/* Places in the names; those of pods come last. */
enum { NAME, NAMESPACE, N_COMMON, NODE = N_COMMON, PHASE, ADDRESS, N_FIELDS };
static const char *const fields[N_FIELDS] = {"metadata.name", "metadata.namespace",
                                             "spec.nodeName", "status.phase",
                                             "status.podIP"};

enum {
    EV_KIND,
    EV_NAMESPACE,
    EV_NAME,
    EV_UID,
    EV_REASON,
    EV_TYPE,
    EV_SOURCE,
    EV_COMPONENT,
    EV_SPACE,
    N_EVENT_FIELDS
};
static const char *const event_fields[N_EVENT_FIELDS] = {"involvedObject.kind",
                                                         "involvedObject.namespace",
                                                         "involvedObject.name",
                                                         "involvedObject.uid",
                                                         "reason",
                                                         "type",
                                                         "source",
                                                         "reportingComponent",
                                                         "metadata.namespace"};

static const char *field_of(const void *object, size_t field)
{
    const Berth__ObjectRecord *record = object;
    const Berth__PodStatus *pod = record->pod;

    switch (field) {
    case NAME:
        return record->name;
    case NAMESPACE:
        return record->name_space;
    case NODE:
        return pod ? pod->node : "";
    case PHASE:
        return pod ? pod->phase : "";
    case ADDRESS:
        return pod ? pod->pod_ip : "";
    }
    return "";
}

int object_fields_parse(const char *kind, const char *text, struct field_spec *ret,
                        struct err *err)
{
    bool is_pod = kind && strcmp(kind, "Pod") == 0;

    return field_spec_parse(text, fields, is_pod ? N_FIELDS : N_COMMON, ret, err);
}

bool object_fields_hold(const struct field_spec *spec,
                        const Berth__ObjectRecord *record)
{
    return field_spec_holds(spec, field_of, record);
}

static const char *event_field_of(const void *object, size_t field)
{
    const Berth__ObjectEvent *event = object;

    switch (field) {
    case EV_KIND:
        return event->kind;
    case EV_NAMESPACE:
    case EV_SPACE:
        return event->name_space;
    case EV_NAME:
        return event->name;
    case EV_UID:
        return event->uid;
    case EV_REASON:
        return event->reason;
    case EV_TYPE:
        return event->is_warning ? "Warning" : "Normal";
    case EV_SOURCE:
    case EV_COMPONENT:
        return event->source;
    }
    return "";
}

int event_fields_parse(const char *text, struct field_spec *ret, struct err *err)
{
    return field_spec_parse(text, event_fields, N_EVENT_FIELDS, ret, err);
}

bool event_fields_hold(const struct field_spec *spec, const Berth__ObjectEvent *event)
{
    return field_spec_holds(spec, event_field_of, event);
}
