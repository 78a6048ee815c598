/* SPDX-License-Identifier: Apache-2.0
 *
 * job_answers.c - what the controller says to an order for several jobs
 */
#include "cli/job_answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/document.h"

int job_answers_print(const Berth__JobControlReply *reply, bool json)
{
    int status = STATUS_OK;

    if (json)
        document_print_json(document_of(&reply->base, false), stdout);
    for (size_t i = 0; i < reply->n_statuses && i < reply->n_ids; i++) {
        const char *text = reply->statuses[i]->text;

        if (reply->statuses[i]->code == 0)
            continue;
        status = STATUS_FAILED;
        if (strstr(text, "job "))
            say_error("%s", text);
        else
            say_error("job %" PRIu32 ": %s", reply->ids[i], text);
    }
    return status;
}
