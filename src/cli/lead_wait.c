/* SPDX-License-Identifier: Apache-2.0
 *
 * lead_wait.c - reach the lead of a job while its node's daemon is started again
 *
 * A daemon that is there answers, or lets us wait for a lead that has not come yet; so
 * only what fails at once is tried again.
 */
#include "cli/lead_wait.h"

#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/say.h"
#include "cli/step_signals.h"
#include "config/config.h"

#define PAUSE_MS 250
#define TELL_AFTER_MS 3000
#define AT_ONCE_MS 8000
/* Where no configuration tells. */
#define LOST_AFTER_S 60
/* The controller, which declares the node down, has the first word. */
#define MARGIN_MS 5000

static int64_t limit_ms(const char *given)
{
    cleanup(freep) char *path = NULL;
    cleanup(config_freep) struct config *config = NULL;
    struct err err;

    if (config_find(given, &path, &err) < 0 ||
        config_load_settings(path, &config, &err) < 0)
        return 1000 * LOST_AFTER_S + MARGIN_MS;
    return 1000 * (int64_t)config->node.lost_after + MARGIN_MS;
}

static bool is_away(const struct berth_err *err)
{
    return err->code == ECONNREFUSED || err->code == ECONNRESET ||
           err->code == ECONNABORTED || err->code == EPIPE ||
           err->code == EHOSTUNREACH || err->code == ENETUNREACH;
}

/* The next attempt may be made; else '*ret_status' is what to leave with. */
static bool pause(const struct lead_wait *wait, int *ret_status)
{
    struct pollfd pfd = {.fd = wait->signal_fd, .events = POLLIN};
    int signo;

    if (poll(&pfd, 1, PAUSE_MS) <= 0)
        return true;
    signo = step_signals_next(wait->signal_fd);
    if (!signo)
        return true;
    *ret_status = 128 + signo;
    return false;
}

int lead_wait(const struct lead_wait *wait, struct berth_steps **ret,
              struct berth_err *ret_err)
{
    int64_t begun = clock_ms(), limit = 0;
    bool has_told = false;
    int status = STATUS_FAILED;

    for (;;) {
        int64_t tried = clock_ms();

        *ret_err = (struct berth_err){0};
        if (wait->reach(wait->ctx, ret, ret_err) == 0)
            return 0;
        if (!limit)
            limit = limit_ms(wait->config);
        if (!is_away(ret_err) || clock_ms() - tried > AT_ONCE_MS ||
            clock_ms() - begun > limit)
            return STATUS_FAILED;
        if (!has_told && clock_ms() - begun > TELL_AFTER_MS) {
            has_told = true;
            say_info("%s; waiting for the node's daemon, for %d s at most",
                     ret_err->text, (int)(limit / 1000));
        }
        if (has_told && wait->is_over && wait->is_over(wait->ctx))
            break;
        if (!pause(wait, &status))
            break;
    }
    *ret_err = (struct berth_err){0};
    return status;
}
