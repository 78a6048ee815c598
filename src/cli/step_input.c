/* SPDX-License-Identifier: Apache-2.0
 *
 * step_input.c - what tasks read from their stdin
 */
#include "cli/step_input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "wire/stream_choice.h"

static bool is_in_background(void)
{
    return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) != getpgrp();
}

/* Nothing comes from there, so no task needs a pipe for it. */
static bool is_nothing(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

int step_input_open(struct step_input *input, const char *text, struct err *err)
{
    uint32_t task;

    *input = (struct step_input){.fd = -1};
    switch (stream_choose(text, &task)) {
    case STREAM_NONE:
    case STREAM_FILES:
        return 0;
    case STREAM_ALL:
    case STREAM_ONE:
        if (fcntl(STDIN_FILENO, F_GETFD) >= 0 && !is_in_background() &&
            !is_nothing(STDIN_FILENO))
            input->fd = STDIN_FILENO;
        return 0;
    case STREAM_FILE:
        break;
    }
    input->fd = open(text, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0)
        return err_sys(err, errno, "--input: cannot read %s", text);
    return 0;
}

bool step_input_is_open(const struct step_input *input)
{
    return input->fd >= 0;
}

void step_input_close(struct step_input *input)
{
    if (input->fd > STDIN_FILENO)
        close(input->fd);
    input->fd = -1;
}

ssize_t step_input_read(struct step_input *input, void *bytes, size_t size)
{
    ssize_t n = read(input->fd, bytes, size);

    input->is_ready = false;
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return -EAGAIN;
    if (n > 0)
        return n;
    /* An unreadable input (a terminal that went away) has ended, too. */
    step_input_close(input);
    return 0;
}
