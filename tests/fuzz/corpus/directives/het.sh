#!/bin/sh
#SBATCH -n1 --mem=64G -t 10 -J both
#SBATCH hetjob
#SBATCH -N2-4 --gres=gpu:a100:2,nvme:1T -C "[a|b]&c*2" -t 20 -o x
#SBATCH packjob
#BERTH -p gpu --exclusive=user
