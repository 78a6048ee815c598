#SBATCH --begin=now+1hour --nice --cpu-bind=q,cores -x n[1-3] --exclusive=user --open-mode=a --export=ALL
#SBATCH hetjob
