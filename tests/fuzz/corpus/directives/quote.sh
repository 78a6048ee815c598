#SBATCH -J 'open
