/* SPDX-License-Identifier: Apache-2.0
 *
 * release.h - the release of Slurm whose surface is offered
 *
 * Clients parse "slurm MAJOR.MINOR": from 23.11 on srun has --external-launcher, from
 * 24.05 on scontrol prints JSON.
 */
#ifndef BERTH_OPTIONS_RELEASE_H
#define BERTH_OPTIONS_RELEASE_H

#define SLURM_RELEASE "24.05.4"
#define SLURM_VERSION_LINE "slurm " SLURM_RELEASE " (Berth " PACKAGE_VERSION ")"

#endif
