/* SPDX-License-Identifier: Apache-2.0
 *
 * infos.c - lists of pmix_info_t, built, read and packed
 */
#include "infos.h"

#include <pmix.h>
#include <stdlib.h>
#include <string.h>

/* Entries are moved as they are: nothing in libpmix points to them yet. */
static bool grow(struct infos *infos)
{
    size_t max = infos->max ? 2 * infos->max : 16;
    pmix_info_t *v;
    if (infos->n < infos->max)
        return true;
    PMIX_INFO_CREATE(v, max);
    if (!v)
        return false;
    if (infos->n)
        memcpy(v, infos->v, infos->n * sizeof(*v));
    free(infos->v);
    infos->v = v;
    infos->max = max;
    return true;
}

void infos_put(struct infos *infos, const char *key, const void *value,
               pmix_data_type_t type)
{
    if (!grow(infos))
        return;
    PMIX_INFO_LOAD(&infos->v[infos->n], key, value, type);
    infos->n++;
}

void infos_put_u32(struct infos *infos, const char *key, uint32_t value)
{
    infos_put(infos, key, &value, PMIX_UINT32);
}

void infos_put_u16(struct infos *infos, const char *key, uint32_t value)
{
    uint16_t small = (uint16_t)value;
    infos_put(infos, key, &small, PMIX_UINT16);
}

void infos_put_bool(struct infos *infos, const char *key, bool value)
{
    infos_put(infos, key, &value, PMIX_BOOL);
}

void infos_fini(struct infos *infos)
{
    for (size_t i = 0; i < infos->n; i++)
        PMIX_INFO_DESTRUCT(&infos->v[i]);
    free(infos->v);
    *infos = (struct infos){0};
}

static void release(void *ctx)
{
    struct infos *infos = ctx;
    infos_fini(infos);
    free(infos);
}

void infos_answer(pmix_info_cbfunc_t cbfunc, void *cbdata, pmix_status_t status,
                  struct infos *infos)
{
    struct infos *kept = infos && infos->n ? malloc(sizeof(*kept)) : NULL;
    if (!kept) {
        cbfunc(infos && infos->n ? PMIX_ERR_NOMEM : status, NULL, 0, cbdata, NULL,
               NULL);
        return;
    }
    *kept = *infos;
    *infos = (struct infos){0};
    cbfunc(status, kept->v, kept->n, cbdata, release, kept);
}

const pmix_value_t *infos_find(const pmix_info_t info[], size_t n, const char *key)
{
    const pmix_value_t *value = NULL;
    for (size_t i = 0; i < n; i++)
        if (PMIX_CHECK_KEY(&info[i], key))
            value = &info[i].value;
    return value;
}

int infos_timeout(const pmix_info_t info[], size_t n)
{
    const pmix_value_t *value = infos_find(info, n, PMIX_TIMEOUT);
    if (value && value->type == PMIX_INT)
        return value->data.integer;
    if (value && value->type == PMIX_UINT32)
        return (int)value->data.uint32;
    return 0;
}

bool infos_flag(const pmix_info_t info[], size_t n, const char *key)
{
    const pmix_value_t *value = infos_find(info, n, key);
    return value && (value->type != PMIX_BOOL || value->data.flag);
}

static bool is_among(const char *key, const char *const known[])
{
    for (; *known; known++)
        if (strncmp(key, *known, PMIX_MAX_KEYLEN) == 0)
            return true;
    return false;
}

pmix_status_t infos_check(const pmix_info_t info[], size_t n, const char *const known[])
{
    for (size_t i = 0; i < n; i++)
        if (PMIX_INFO_IS_REQUIRED(&info[i]) && !is_among(info[i].key, known))
            return PMIX_ERR_NOT_SUPPORTED;
    return PMIX_SUCCESS;
}

pmix_status_t infos_pack(pmix_data_buffer_t *buffer, const pmix_info_t info[], size_t n)
{
    pmix_status_t rc = PMIx_Data_pack(NULL, buffer, &n, 1, PMIX_SIZE);
    if (rc == PMIX_SUCCESS && n)
        rc = PMIx_Data_pack(NULL, buffer, (pmix_info_t *)(uintptr_t)info, (int32_t)n,
                            PMIX_INFO);
    return rc;
}

pmix_status_t infos_unpack(pmix_data_buffer_t *buffer, struct infos *ret)
{
    size_t n = 0;
    int32_t count = 1;
    pmix_status_t rc = PMIx_Data_unpack(NULL, buffer, &n, &count, PMIX_SIZE);
    *ret = (struct infos){0};
    if (rc != PMIX_SUCCESS || n == 0)
        return rc;
    if (n > 65536)
        return PMIX_ERR_UNPACK_FAILURE;
    PMIX_INFO_CREATE(ret->v, n);
    if (!ret->v)
        return PMIX_ERR_NOMEM;
    count = (int32_t)n;
    rc = PMIx_Data_unpack(NULL, buffer, ret->v, &count, PMIX_INFO);
    ret->n = ret->max = n;
    return rc;
}

void buffer_borrow(pmix_data_buffer_t *buffer, const void *data, size_t len)
{
    PMIX_DATA_BUFFER_CONSTRUCT(buffer);
    buffer->base_ptr = buffer->unpack_ptr = (char *)(uintptr_t)data;
    buffer->pack_ptr = buffer->base_ptr + len;
    buffer->bytes_allocated = buffer->bytes_used = len;
}
