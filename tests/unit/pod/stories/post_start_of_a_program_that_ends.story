apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: Never
  containers: [{name: a, image: a, lifecycle: {postStart: {exec: {command: [x]}}}}]
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 started a
  - a Started: Started container a
  postStart a
  = Running initialized: a running
> 1 ended a 0
  stop postStart a
  over
  = Succeeded initialized ends by 31: a terminated Completed 0
> 2 hooked a postStart
