apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: a, image: a, lifecycle: {preStop: {exec: {command: [bye]}}}}]
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 started a
  - a Started: Started container a
  = Running initialized ready: a running started ready
> 10 end deleted 0
  - a Killing: Stopping container a
  kill a
  = Running initialized ready ends by 10: a running started ready
> 10.1 ended a KILL
  over
  = Failed initialized ends by 10: a terminated Error 137 SIGKILL
