/* SPDX-License-Identifier: Apache-2.0
 *
 * pause.h - the first process of a sandbox, once that stands
 */
#ifndef BERTH_CONTAINER_PAUSE_H
#define BERTH_CONTAINER_PAUSE_H

/* Descriptor of its socket to the caller. */
#define PAUSE_SOCK 3

/* What it is asked for. */
struct pause_order {
    unsigned int number; /* given back in the answer, which may come late */
    int family, type, protocol;
};

/* Comes with the socket. */
struct pause_answer {
    unsigned int number;
    int code; /* 0 or an errno value */
};

/* The caller's side, on its end 'sock': the socket that answers order 'number', or -1
 * and *ret_code, 0 when it came without one. Answers to orders that were given up are
 * dropped, so many at most; the sandbox is the user's, and may say anything. */
int sandbox_hear_socket(int sock, unsigned int number, int *ret_code);

/* Make sockets for who asks on PAUSE_SOCK until that ends, and reap orphans. */
void pause_serve(void) __attribute__((noreturn));

#endif
