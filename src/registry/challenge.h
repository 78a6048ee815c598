/* SPDX-License-Identifier: Apache-2.0
 *
 * challenge.h - how a registry wants to be asked: WWW-Authenticate
 *
 *     Bearer realm="https://auth.example.org/token",service="x",scope="a:b:c"
 *     Basic realm="x"
 *
 * RFC 9110, section 11.6.1.
 */
#ifndef BERTH_REGISTRY_CHALLENGE_H
#define BERTH_REGISTRY_CHALLENGE_H

enum challenge_kind {
    CHALLENGE_NONE, /* none that we can answer */
    CHALLENGE_BASIC,
    CHALLENGE_BEARER,
};

struct challenge {
    enum challenge_kind kind;
    char *realm, *service, *scope; /* NULL: not said */
};

/* Of all challenges in the header's value the one we answer: Bearer before Basic.
 * Goes with challenge_fini. */
struct challenge challenge_parse(const char *text);
void challenge_fini(struct challenge *challenge);

#endif
