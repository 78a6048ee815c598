#!/bin/bash
#SBATCH --job-name=hpcc
#SBATCH --nodes=4
#SBATCH --ntasks=16
#SBATCH --time=10
#SBATCH --output=hpcc-%j.out

echo "job $SLURM_JOB_ID: $SLURM_NTASKS tasks on $SLURM_JOB_NODELIST"
berth run hpcc
