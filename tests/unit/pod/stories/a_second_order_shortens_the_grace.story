apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: a, image: a}]
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 started a
  - a Started: Started container a
  = Running initialized ready: a running started ready
> 10 end overfull 30 The node was low on resource: memory
  - a Killing: Stopping container a
  signal a SIGTERM
  = Running Evicted The node was low on resource: memory initialized ready ends by 40: a running started ready
> 12 end deleted 3
  = Running Evicted The node was low on resource: memory initialized ready ends by 15: a running started ready
> 13 end deleted 60
@ 15
  kill a
> 15.5 ended a KILL
  over
  = Failed Evicted The node was low on resource: memory initialized ends by 15: a terminated Error 137 SIGKILL
