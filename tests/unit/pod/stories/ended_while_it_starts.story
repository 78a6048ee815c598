apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: a, image: a, lifecycle: {postStart: {exec: {command: [x]}}}}]
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 1 end deleted
  - a Killing: Stopping container a
  = Pending initialized ends by 31: a ContainerCreating
> 2 started a
  - a Started: Started container a
  signal a SIGTERM
  = Running initialized ends by 31: a running
> 3 ended a TERM
  over
  = Failed initialized ends by 31: a terminated Error 143 SIGTERM
