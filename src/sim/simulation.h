/* SPDX-License-Identifier: Apache-2.0
 *
 * simulation.h - what 'run' and 'replay' do once their options are read
 */
#ifndef BERTH_SIM_SIMULATION_H
#define BERTH_SIM_SIMULATION_H

#include "sim/command.h"
#include "sim/run_options.h"

/* Read the jobs at 'path', put them through the engine, print and write what the
 * options ask for. Returns the exit status; failures have been named on stderr. */
int simulate_with(const struct sim_usage *usage, struct run_options *options,
                  const char *path);

#endif
