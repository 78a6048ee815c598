apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: a, image: a, lifecycle: {postStart: {exec: {command: [x]}}, preStop: {exec: {command: [bye]}}}}]
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 started a
  - a Started: Started container a
  postStart a
  = Running initialized: a running
> 1 unhooked a postStart exited with 1
  ! a FailedPostStartHook: exited with 1
  - a Killing: Container a failed its postStart hook
  preStop a until 31
> 2 hooked a preStop
  signal a SIGTERM
> 3 ended a TERM
  start a #1
  = Running initialized: a terminated Error 143 SIGTERM
> 3 started a
  - a Started: Started container a
  postStart a
  = Running initialized: a restarts=1 running last Error 143 SIGTERM
