/* SPDX-License-Identifier: Apache-2.0
 *
 * errors.c - Slurm's well-known sentence for what went wrong
 *
 * Berth's words name the option at fault first; that, or else the code, finds the
 * sentence.
 */
#include "slurm/errors.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define NOT_AVAILABLE "Requested node configuration is not available"
#define BAD_GRES "Invalid generic resource (gres) specification"
#define BAD_TIME "Requested time limit is invalid (missing or exceeds some limit)"
#define BAD_JOB "Invalid job id specified"

static const struct {
    const char *option, *sentence;
} options[] = {
    {"partition", "Invalid partition name specified"},
    {"account", "Invalid account or account/partition combination specified"},
    {"qos", "Invalid qos specification"},
    {"dependency", "Job dependency problem"},
    {"array", "Invalid job array specification"},
    {"reservation", "Requested reservation is invalid"},
    {"licenses", "Invalid license specification"},
    {"constraint", "Invalid feature specification"},
    {"prefer", "Invalid feature specification"},
    {"gres", BAD_GRES},
    {"gpus", BAD_GRES},
    {"gpus-per-node", BAD_GRES},
    {"gpus-per-task", BAD_GRES},
    {"gpus-per-socket", BAD_GRES},
    {"time", BAD_TIME},
    {"time-min", BAD_TIME},
    {"deadline", "Requested time limit is invalid (missing or exceeds some limit)"},
    {"nodelist", "Invalid node name specified"},
    {"exclude", "Invalid node name specified"},
    {"wckey", "Invalid wckey specification"},
    {"mem", "Memory required by task is not available"},
    {"mem-per-cpu", "Memory required by task is not available"},
    {"nodes", NOT_AVAILABLE},
    {"ntasks", NOT_AVAILABLE},
    {"ntasks-per-node", NOT_AVAILABLE},
    {"cpus-per-task", NOT_AVAILABLE},
    {"switches", NOT_AVAILABLE},
};

static const char *of_option(const char *text)
{
    size_t len;

    if (strncmp(text, "--", 2) != 0)
        return NULL;
    text += 2;
    len = strcspn(text, ":= ");
    for (size_t i = 0; i < ARRAY_SIZE(options); i++)
        if (strlen(options[i].option) == len &&
            strncmp(options[i].option, text, len) == 0)
            return options[i].sentence;
    return NULL;
}

static const char *of_code(int code)
{
    switch (abs(code)) {
    case EPERM:
    case EACCES:
        return "Access/permission denied";
    case ESRCH:
        return BAD_JOB;
    case ECONNREFUSED:
    case ECONNRESET:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENOTCONN:
        return "Unable to contact slurm controller (connect failure)";
    case ETIMEDOUT:
        return "Socket timed out on send/recv operation";
    case EDQUOT:
        return "Job violates accounting/QOS policy (job submit limit, user's size "
               "and/or time limits)";
    case ENOSPC:
    case ENOSYS:
        return NOT_AVAILABLE;
    default:
        return NULL;
    }
}

char *slurm_error_words(int code, const char *text)
{
    const char *sentence = of_option(text);

    if (!sentence)
        sentence = of_code(code);
    /* Berth says some of them itself. */
    if (!sentence || strncmp(text, sentence, strlen(sentence)) == 0)
        return xstrdup(text);
    return xasprintf("%s (%s)", sentence, text);
}
