/* SPDX-License-Identifier: Apache-2.0
 *
 * job_component.c - the components of a heterogeneous job, each as a JobSpec
 *
 * A packed JobComponent is a packed JobSpec that says little, and a packed
 * JobSpec read as a JobComponent loses what a component cannot say.
 */
#include "wire/job_component.h"

#include "base/err.h"
#include "base/mem.h"
#include "wire/pack.h"

#include <stdlib.h>

/* 'from' read as 'type'. Both are ours, so it cannot fail. */
static ProtobufCMessage *read_as(const ProtobufCMessage *from,
                                 const ProtobufCMessageDescriptor *type)
{
    size_t len;
    cleanup(freep) uint8_t *packed = pack_message(from, &len);
    ProtobufCMessage *msg = unpack_message(type, packed, len);

    BUG_ON(!msg);
    return msg;
}

static void forget_unknown(ProtobufCMessage *msg)
{
    for (size_t i = 0; i < msg->n_unknown_fields; i++)
        free(msg->unknown_fields[i].data);
    free(msg->unknown_fields);
    msg->unknown_fields = NULL;
    msg->n_unknown_fields = 0;
}

size_t job_component_count(const Berth__JobSpec *spec)
{
    return spec->n_components + 1;
}

Berth__JobSpec *job_component(const Berth__JobSpec *spec, size_t i)
{
    cleanup(free_messagep) ProtobufCMessage *part = NULL;
    Berth__JobSpec *component;

    if (i == 0)
        part = read_as(&spec->base, &berth__job_component__descriptor);
    else
        part = copy_message(&spec->components[i - 1]->base);
    forget_unknown(part);
    component = (Berth__JobSpec *)read_as(part, &berth__job_spec__descriptor);
    forget_unknown(&component->base);
    return component;
}
