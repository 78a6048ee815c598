#!/bin/sh
#SBATCH -a [0-99]%4 -d afterok:1:2_3,singleton --deadline=now+2h --time-min 5 --requeue
#SBATCH -L matlab:2|ansys --switches=2@10 --tres-per-task=cpu:2,gres/gpu:1 --hint=nomultithread --mem=0
