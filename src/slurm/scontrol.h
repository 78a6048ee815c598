/* SPDX-License-Identifier: Apache-2.0
 *
 * scontrol.h - the keywords of scontrol, and what they share
 */
#ifndef BERTH_SLURM_SCONTROL_H
#define BERTH_SLURM_SCONTROL_H

#include <stdbool.h>

#include "client/berth.h"
#include "slurm/json.h"
#include "slurm/slurm.h"

struct scontrol {
    struct slurm_common common;
    bool one_line, is_plain;
    enum json_form form;
    int details;         /* how often -d was given */
    bool ignored;        /* what changes nothing here */
    struct berth *berth; /* opened at first use */
};

/* Open the cluster, unless it is open. The exit status to return, or SLURM_OK. */
int scontrol_open(struct scontrol *sc);

/* Each: 'argv' are the words behind the keyword, 'word' it itself. Returns the exit
 * status; a failure has been said. */
typedef int (*scontrol_verb)(struct scontrol *sc, const char *word, int argc,
                             char **argv);

int scontrol_show_job(struct scontrol *sc, const char *word, int argc, char **argv);
int scontrol_show_step(struct scontrol *sc, const char *word, int argc, char **argv);
int scontrol_show_node(struct scontrol *sc, const char *word, int argc, char **argv);
int scontrol_show_partition(struct scontrol *sc, const char *word, int argc,
                            char **argv);
int scontrol_show_reservation(struct scontrol *sc, const char *word, int argc,
                              char **argv);
int scontrol_show_licenses(struct scontrol *sc, const char *word, int argc,
                           char **argv);
int scontrol_show_config(struct scontrol *sc, const char *word, int argc, char **argv);
int scontrol_show_hosts(struct scontrol *sc, const char *word, int argc, char **argv);
int scontrol_ping(struct scontrol *sc, const char *word, int argc, char **argv);
int scontrol_order(struct scontrol *sc, const char *word, int argc, char **argv);
int scontrol_update(struct scontrol *sc, const char *word, int argc, char **argv);
int scontrol_write(struct scontrol *sc, const char *word, int argc, char **argv);
int scontrol_listpids(struct scontrol *sc, const char *word, int argc, char **argv);

#endif
