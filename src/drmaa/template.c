/* SPDX-License-Identifier: Apache-2.0
 *
 * template.c - job templates: names and values, judged when they are set
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "drmaa/internal.h"

struct drmaa_job_template_s {
    char **names, **values; /* of equal length */
    char **argv, **env, **email;
};

static const char *const scalar_names[] = {
    DRMAA_REMOTE_COMMAND,       DRMAA_JS_STATE,    DRMAA_WD,         DRMAA_JOB_CATEGORY,
    DRMAA_NATIVE_SPECIFICATION, DRMAA_BLOCK_EMAIL, DRMAA_START_TIME, DRMAA_JOB_NAME,
    DRMAA_INPUT_PATH,           DRMAA_OUTPUT_PATH, DRMAA_ERROR_PATH, DRMAA_JOIN_FILES,
    DRMAA_WCT_HLIMIT,
};
static const char *const vector_names[] = {DRMAA_V_ARGV, DRMAA_V_ENV, DRMAA_V_EMAIL};

static bool is_one_of(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; name && i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static char ***vector_of(drmaa_job_template_t *jt, const char *name)
{
    return strcmp(name, DRMAA_V_ARGV) == 0  ? &jt->argv
           : strcmp(name, DRMAA_V_ENV) == 0 ? &jt->env
                                            : &jt->email;
}

const char *template_get(const drmaa_job_template_t *jt, const char *name)
{
    for (size_t i = 0; jt->names && jt->names[i]; i++)
        if (strcmp(jt->names[i], name) == 0)
            return jt->values[i];
    return NULL;
}

char *const *template_get_vector(const drmaa_job_template_t *jt, const char *name)
{
    return *vector_of((drmaa_job_template_t *)(uintptr_t)jt, name);
}

static char **names_of(const char *const *names, size_t n)
{
    char **list = NULL;

    for (size_t i = 0; i < n; i++)
        strv_add(&list, names[i]);
    return list;
}

EXPORT int drmaa_get_attribute_names(drmaa_attr_names_t **values, DRMAA_DIAG)
{
    if (!values)
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_ARGUMENT,
                          "nowhere to put the names");
    *values = list_create(names_of(scalar_names, ARRAY_SIZE(scalar_names)));
    return DRMAA_ERRNO_SUCCESS;
}

EXPORT int drmaa_get_vector_attribute_names(drmaa_attr_names_t **values, DRMAA_DIAG)
{
    if (!values)
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_ARGUMENT,
                          "nowhere to put the names");
    *values = list_create(names_of(vector_names, ARRAY_SIZE(vector_names)));
    return DRMAA_ERRNO_SUCCESS;
}

EXPORT int drmaa_allocate_job_template(drmaa_job_template_t **jt, DRMAA_DIAG)
{
    int rc = session_enter(error_diagnosis, error_diag_len);

    if (rc)
        return rc;
    session_leave();
    if (!jt)
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_ARGUMENT,
                          "nowhere to put the template");
    *jt = xcalloc(1, sizeof(**jt));
    return DRMAA_ERRNO_SUCCESS;
}

EXPORT int drmaa_delete_job_template(drmaa_job_template_t *jt, DRMAA_DIAG)
{
    if (!jt)
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_ARGUMENT,
                          "no template");
    strv_free(jt->names);
    strv_free(jt->values);
    strv_free(jt->argv);
    strv_free(jt->env);
    strv_free(jt->email);
    free(jt);
    return DRMAA_ERRNO_SUCCESS;
}

static bool is_yes_or_no(const char *value)
{
    return strcmp(value, "y") == 0 || strcmp(value, "n") == 0;
}

/* What is wrong with the form of a value; NULL: nothing. */
static const char *fault_of(const char *name, const char *value)
{
    if (strcmp(name, DRMAA_JOIN_FILES) == 0 && !is_yes_or_no(value))
        return "it is y or n";
    if (strcmp(name, DRMAA_BLOCK_EMAIL) == 0 && strcmp(value, "0") != 0 &&
        strcmp(value, "1") != 0)
        return "it is 0 or 1";
    if (strcmp(name, DRMAA_JS_STATE) == 0 &&
        strcmp(value, DRMAA_SUBMISSION_STATE_ACTIVE) != 0 &&
        strcmp(value, DRMAA_SUBMISSION_STATE_HOLD) != 0)
        return "it is drmaa_active or drmaa_hold";
    if ((strcmp(name, DRMAA_INPUT_PATH) == 0 || strcmp(name, DRMAA_OUTPUT_PATH) == 0 ||
         strcmp(name, DRMAA_ERROR_PATH) == 0) &&
        !strchr(value, ':'))
        return "it has the form [HOST]:PATH";
    if (strchr(value, '\n'))
        return "it has a line break";
    return NULL;
}

EXPORT int drmaa_set_attribute(drmaa_job_template_t *jt, const char *name,
                               const char *value, DRMAA_DIAG)
{
    const char *fault;

    if (!jt || !value || !is_one_of(name, scalar_names, ARRAY_SIZE(scalar_names)))
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_ARGUMENT,
                          "%s: there is no such attribute", name ? name : "(none)");
    fault = fault_of(name, value);
    if (fault)
        return drmaa_fail(error_diagnosis, error_diag_len,
                          DRMAA_ERRNO_INVALID_ATTRIBUTE_FORMAT, "%s=%s: %s", name,
                          value, fault);
    for (size_t i = 0; jt->names && jt->names[i]; i++) {
        if (strcmp(jt->names[i], name) != 0)
            continue;
        str_replace(&jt->values[i], value);
        return DRMAA_ERRNO_SUCCESS;
    }
    strv_add(&jt->names, name);
    strv_add(&jt->values, value);
    return DRMAA_ERRNO_SUCCESS;
}

EXPORT int drmaa_get_attribute(drmaa_job_template_t *jt, const char *name, char *value,
                               size_t value_len, DRMAA_DIAG)
{
    const char *found = jt && name ? template_get(jt, name) : NULL;

    if (!found)
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_ARGUMENT,
                          "%s was not set", name ? name : "(none)");
    return drmaa_give(value, value_len, found);
}

EXPORT int drmaa_set_vector_attribute(drmaa_job_template_t *jt, const char *name,
                                      const char *value[], DRMAA_DIAG)
{
    char ***vector;

    if (!jt || !value || !is_one_of(name, vector_names, ARRAY_SIZE(vector_names)))
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_ARGUMENT,
                          "%s: there is no such attribute", name ? name : "(none)");
    for (size_t i = 0; value[i]; i++)
        if (strcmp(name, DRMAA_V_ENV) == 0 &&
            (!strchr(value[i], '=') || *value[i] == '='))
            return drmaa_fail(error_diagnosis, error_diag_len,
                              DRMAA_ERRNO_INVALID_ATTRIBUTE_FORMAT,
                              "%s: '%s' is not NAME=VALUE", name, value[i]);
    vector = vector_of(jt, name);
    strv_free(take(*vector));
    for (size_t i = 0; value[i]; i++)
        strv_add(vector, value[i]);
    return DRMAA_ERRNO_SUCCESS;
}

EXPORT int drmaa_get_vector_attribute(drmaa_job_template_t *jt, const char *name,
                                      drmaa_attr_values_t **values, DRMAA_DIAG)
{
    if (!jt || !values || !is_one_of(name, vector_names, ARRAY_SIZE(vector_names)))
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_ARGUMENT,
                          "%s: there is no such attribute", name ? name : "(none)");
    *values = list_create(strv_dup(*vector_of(jt, name)));
    return DRMAA_ERRNO_SUCCESS;
}
