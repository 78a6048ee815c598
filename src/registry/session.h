/* SPDX-License-Identifier: Apache-2.0
 *
 * session.h - one registry, asked by several threads: scheme, rights, patience
 */
#ifndef BERTH_REGISTRY_SESSION_H
#define BERTH_REGISTRY_SESSION_H

#include "base/err.h"
#include "registry/dockercfg.h"
#include "registry/http.h"
#include "registry/settings.h"

struct session;

/* Talk to the registry at 'host' (with its port) about 'path'. For an insecure
 * one HTTPS is tried first, then HTTP. 'known': these credentials; NULL: those that
 * credentials_find gives, looked for when the registry asks for any. -EHOSTUNREACH,
 * -ECONNREFUSED and -EPROTO as http_do. 'settings' is borrowed. */
int session_open(const struct registry_settings *settings, const char *host,
                 const char *path, const struct credentials *known,
                 struct session **ret, struct err *err);
void session_closep(struct session **session);
const char *session_host(const struct session *session);

/* A connection of the calling thread's own. */
int session_connect(const struct session *session, struct http **ret, struct err *err);

/* The URL of "/v2/" and what the format says; the caller frees it. */
char *session_url(const struct session *session, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* What a Location or Link says, which may be relative to the registry. */
char *session_resolve(const struct session *session, const char *location);

/* Send 'request' with the rights for 'scope' ("repository:PATH:pull"; its
 * 'authorization' is set here, and only for the registry itself), again when a token
 * has to be fetched, and, unless it has a sink or a file, again with growing pauses
 * when the registry is busy (429, 5xx) or the connection breaks. 0 for any status but
 * 401 and 403, which are -EACCES with words. */
int session_do(struct session *session, struct http *http, const char *scope,
               struct http_request *request, struct http_response *ret,
               struct err *err);

/* Pauses between tries: half a second, doubled each time, or what the registry asks
 * for (at most a minute). */
struct backoff {
    unsigned int tries;
};
/* May this be tried again? Then sleep, and say so. 'retry_after' -1: not said. */
bool backoff_wait(struct backoff *backoff, long retry_after);
/* Does such a failure or answer pass? */
bool is_transient(int r, long status);

/* What a registry says in an error's body, for words; "" when nothing. */
void session_reason(const struct http_response *response, char *ret, size_t size);

#endif
