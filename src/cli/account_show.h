/* SPDX-License-Identifier: Apache-2.0
 *
 * account_show.h - accounts and QOS as tables, and as a file of orders
 */
#ifndef BERTH_CLI_ACCOUNT_SHOW_H
#define BERTH_CLI_ACCOUNT_SHOW_H

#include "client/berth.h"

/* The tree with shares, QOS and limits. */
void accounts_print(const Berth__AccountList *list);
/* What was used, in hours, and what is in use. */
void accounts_print_usage(const Berth__AccountList *list);
/* Shares against usage, as sshare(1). */
void accounts_print_shares(const Berth__AccountList *list);
/* Each in full, a line a value. */
void accounts_print_full(const Berth__AccountList *list);

void qos_print(const Berth__QosList *list);
void qos_print_full(const Berth__QosList *list);

/* Lines that account_load reads: QOS first, accounts before their users. */
void accounts_dump(const Berth__AccountList *accounts, const Berth__QosList *qos);

#endif
