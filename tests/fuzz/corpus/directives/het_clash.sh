#!/bin/sh
#SBATCH -J a
#SBATCH hetjob
#SBATCH -J b
