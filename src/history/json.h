/* SPDX-License-Identifier: Apache-2.0
 *
 * json.h - flat messages as JSON, for archives
 */
#ifndef BERTH_HISTORY_JSON_H
#define BERTH_HISTORY_JSON_H

#include <protobuf-c/protobuf-c.h>

#include "base/strbuf.h"

/* Append '{"name":value,...}' with the fields that are set to something; submessages
 * and lists are left out. */
void json_message(struct strbuf *sb, const ProtobufCMessage *msg);

#endif
