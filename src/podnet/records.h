/* SPDX-License-Identifier: Apache-2.0
 *
 * records.h - what is known of each pod's network after a restart: a small file each
 *
 *     DIR/JOB.EPOCH:   address 10.88.1.7
 *                      port tcp 8080 80 0.0.0.0
 */
#ifndef BERTH_PODNET_RECORDS_H
#define BERTH_PODNET_RECORDS_H

#include "podnet/rules.h"

#define RECORD_PORTS_MAX 1000

struct podnet_pod {
    uint32_t job, epoch;
    uint32_t address;
    struct podnet_port *ports;
    size_t n_ports;
};

/* On disk when it returns. */
int record_save(const char *dir, const struct podnet_pod *pod, struct err *err);
void record_drop(const char *dir, const struct podnet_pod *pod);
/* All of a directory, which is made when there is none; what cannot be read is passed
 * over, and removed. Heap, with their ports. */
int records_load(const char *dir, struct podnet_pod **ret, size_t *ret_n,
                 struct err *err);
/* Text of a record (pure); the second returns -EINVAL for any other text. */
char *record_text(const struct podnet_pod *pod);
int record_parse(const char *text, struct podnet_pod *ret);

#endif
