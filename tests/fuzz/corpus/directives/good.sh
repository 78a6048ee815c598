#!/bin/sh
#SBATCH -N2-4 -n 16 --mem=4G -t 1-02:03:04
#SBATCH -J "two words" --mail-type=END # comment
#BERTH --image=nvcr.io\#nvidia/cuda --mount /a:/b:ro
echo
