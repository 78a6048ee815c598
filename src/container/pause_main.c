/* SPDX-License-Identifier: Apache-2.0
 *
 * pause_main.c - berth-pause, what the first process of a sandbox becomes
 */
#include <stdio.h>
#include <sys/socket.h>

#include "container/pause.h"

int main(void)
{
    int type;
    socklen_t len = sizeof(type);

    if (getsockopt(PAUSE_SOCK, SOL_SOCKET, SO_TYPE, &type, &len)) {
        (void)fputs("berth-pause is started by Berth alone\n", stderr);
        return 2;
    }
    pause_serve();
}
