/* SPDX-License-Identifier: Apache-2.0
 *
 * infos.h - lists of pmix_info_t, built, read and packed
 */
#ifndef INFOS_H
#define INFOS_H

#include <pmix_server.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A list that grows. Values are copied. */
struct infos {
    pmix_info_t *v;
    size_t n, max;
};

void infos_put(struct infos *infos, const char *key, const void *value,
               pmix_data_type_t type);
void infos_put_u32(struct infos *infos, const char *key, uint32_t value);
void infos_put_u16(struct infos *infos, const char *key, uint32_t value);
void infos_put_bool(struct infos *infos, const char *key, bool value);
void infos_fini(struct infos *infos);

/* Hand a list to a callback of libpmix that wants a release function. */
void infos_answer(pmix_info_cbfunc_t cbfunc, void *cbdata, pmix_status_t status,
                  struct infos *infos);

/* The last value of 'key', or NULL. */
const pmix_value_t *infos_find(const pmix_info_t info[], size_t n, const char *key);
/* Seconds of PMIX_TIMEOUT; 0: none. */
int infos_timeout(const pmix_info_t info[], size_t n);
/* Whether a flag is there and true; PMIX_UNDEF as a value means that it is. */
bool infos_flag(const pmix_info_t info[], size_t n, const char *key);
/* PMIX_ERR_NOT_SUPPORTED when one that is required is not among 'known' (which ends
 * with NULL). */
pmix_status_t infos_check(const pmix_info_t info[], size_t n,
                          const char *const known[]);

/* Bytes that others unpack. infos_add_to packs count and list. All return a PMIx
 * status. */
pmix_status_t infos_pack(pmix_data_buffer_t *buffer, const pmix_info_t info[],
                         size_t n);
pmix_status_t infos_unpack(pmix_data_buffer_t *buffer, struct infos *ret);
/* Borrow bytes for unpacking; nothing is freed. */
void buffer_borrow(pmix_data_buffer_t *buffer, const void *data, size_t len);

#endif
