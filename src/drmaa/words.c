/* SPDX-License-Identifier: Apache-2.0
 *
 * words.c - errors and names
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "drmaa/internal.h"

int drmaa_fail(char *diagnosis, size_t len, int code, const char *fmt, ...)
{
    va_list ap;

    if (!diagnosis || !len)
        return code;
    va_start(ap, fmt);
    (void)vsnprintf(diagnosis, len, fmt, ap);
    va_end(ap);
    return code;
}

int drmaa_fail_berth(char *diagnosis, size_t len, const struct berth_err *err)
{
    int code = DRMAA_ERRNO_INTERNAL_ERROR;

    if (err->code == ECONNREFUSED || err->code == EHOSTUNREACH ||
        err->code == ETIMEDOUT || err->code == EPIPE || err->code == ENOENT ||
        err->code == ECONNRESET)
        code = DRMAA_ERRNO_DRM_COMMUNICATION_FAILURE;
    else if (err->code == EPERM || err->code == EACCES)
        code = DRMAA_ERRNO_AUTH_FAILURE;
    else if (err->code == ESRCH)
        code = DRMAA_ERRNO_INVALID_JOB;
    else if (err->code == EINVAL)
        code = DRMAA_ERRNO_DENIED_BY_DRM;
    return drmaa_fail(diagnosis, len, code, "%s", err->text);
}

int drmaa_give(char *buffer, size_t len, const char *text)
{
    if (!buffer || strlen(text) >= len)
        return DRMAA_ERRNO_INVALID_ARGUMENT;
    memcpy(buffer, text, strlen(text) + 1);
    return DRMAA_ERRNO_SUCCESS;
}

EXPORT const char *drmaa_strerror(int drmaa_errno)
{
    static const char *const words[] = {
        "success",
        "an error of the library or the system",
        "the controller could not be reached",
        "not permitted",
        "an argument is not valid",
        "there is no active session",
        "out of memory",
        "no cluster has this contact string",
        "the default contact string cannot be used",
        "no contact string was given, and there is no default",
        "the session could not be started",
        "there is a session already",
        "the session could not be ended",
        "the value of an attribute has the wrong form",
        "the value of an attribute is not possible",
        "attributes contradict each other",
        "not now: try again later",
        "refused",
        "there is no such job",
        "the job is not suspended",
        "the job does not run",
        "the job cannot be held",
        "the job is not held",
        "the time is over",
        "it is not known what the job used",
        "there are no more elements",
    };

    return drmaa_errno >= 0 && (size_t)drmaa_errno < ARRAY_SIZE(words)
               ? words[drmaa_errno]
               : "unknown error";
}

EXPORT int drmaa_version(unsigned int *major, unsigned int *minor, DRMAA_DIAG)
{
    if (!major || !minor)
        return drmaa_fail(error_diagnosis, error_diag_len, DRMAA_ERRNO_INVALID_ARGUMENT,
                          "nowhere to put the version");
    *major = 1;
    *minor = 0;
    return DRMAA_ERRNO_SUCCESS;
}

EXPORT int drmaa_get_DRM_system(char *drm_system, size_t drm_system_len, DRMAA_DIAG)
{
    (void)error_diagnosis;
    (void)error_diag_len;
    return drmaa_give(drm_system, drm_system_len, "Berth " PACKAGE_VERSION);
}

EXPORT int drmaa_get_DRMAA_implementation(char *drmaa_impl, size_t drmaa_impl_len,
                                          DRMAA_DIAG)
{
    (void)error_diagnosis;
    (void)error_diag_len;
    return drmaa_give(drmaa_impl, drmaa_impl_len, "Berth libdrmaa " PACKAGE_VERSION);
}
