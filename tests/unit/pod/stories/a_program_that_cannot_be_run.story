apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: Never
  containers: [{name: a, image: a}]
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 1 broken a exec /bin/none: no such file or directory
  ! a Failed: Error: exec /bin/none: no such file or directory
  over
  = Failed initialized ends by 31: a terminated StartError 128 "exec /bin/none: no such file or directory"
