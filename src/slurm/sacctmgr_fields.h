/* SPDX-License-Identifier: Apache-2.0
 *
 * sacctmgr_fields.h - what sacctmgr lists: accounts and their users, QOS, the cluster
 */
#ifndef BERTH_SLURM_SACCTMGR_FIELDS_H
#define BERTH_SLURM_SACCTMGR_FIELDS_H

#include "slurm/fields.h"
#include "wire/messages.pb-c.h"

/* What rows are filled in from. */
struct acct_site {
    const char *cluster;
    const Berth__AccountList
        *accounts; /* all of them: what is inherited is looked up */
    const Berth__QosList *qos;
};

struct acct_row {
    const struct acct_site *site;
    const Berth__AccountRecord *account; /* of accounts, users, associations */
    const Berth__QosRecord *qos;         /* of QOS */
};

extern const struct field_table acct_fields;
extern const struct field_table acct_qos_fields;
extern const struct field_table acct_cluster_fields;

#endif
