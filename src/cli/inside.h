/* SPDX-License-Identifier: Apache-2.0
 *
 * inside.h - what Berth's own program does inside of jobs for commands outside
 *
 * Names begin with a dot, as nobody types them: they are the other ends of
 * berth logs, berth cp, berth run --bag and sbcast.
 */
#ifndef BERTH_CLI_INSIDE_H
#define BERTH_CLI_INSIDE_H

/* Run argv[1] when it is one of them: its exit status, or -1 when it is none. */
int inside_main(int argc, char **argv);
/* .bag: run commands that come on stdin, tell of them on stdout (bag_inside.c). */
int bag_inside_main(void);

#endif
