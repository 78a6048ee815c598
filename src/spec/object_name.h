/* SPDX-License-Identifier: Apache-2.0
 *
 * object_name.h - what objects, labels, variables and ports may be called
 *
 * The rules are Kubernetes' own: RFC 1123 for names of objects, hosts and containers.
 * Each returns 0 or -EINVAL with what a right one looks like.
 */
#ifndef BERTH_SPEC_OBJECT_NAME_H
#define BERTH_SPEC_OBJECT_NAME_H

#include "base/err.h"

#define DNS_LABEL_MAX 63
#define DNS_NAME_MAX 253

/* "web-1": small letters, digits and '-', 63 at most. */
int dns_label_check(const char *text, struct err *err);
/* A label, or a user's own namespace: "default:alice", "default:1000". */
int name_space_check(const char *text, struct err *err);
/* "web-1.example": such labels joined by dots, 253 at most. */
int dns_name_check(const char *text, struct err *err);
/* "web-": what can begin a name that is given out. */
int name_prefix_check(const char *text, struct err *err);

/* "app", "example.com/app" / "v1.2", "". */
int label_key_check(const char *text, struct err *err);
int label_value_check(const char *text, struct err *err);

/* A variable: no blanks, no '='. */
int env_name_check(const char *text, struct err *err);
/* A key of a ConfigMap or Secret, which is a file's name too. */
int data_key_check(const char *text, struct err *err);
/* A port's name: "http", 15 at most. */
int port_name_check(const char *text, struct err *err);

/* "/a/b" / "a/b" without ".." / "a" / an IPv4 or IPv6 address. */
int absolute_path_check(const char *text, struct err *err);
int relative_path_check(const char *text, struct err *err);
int ip_address_check(const char *text, struct err *err);
/* Anything but "", without blanks and control characters. */
int word_check(const char *text, struct err *err);
/* "Europe/Berlin", by its form alone. */
int time_zone_check(const char *text, struct err *err);

#endif
