#!/bin/sh
#SBATCH --nods=4
