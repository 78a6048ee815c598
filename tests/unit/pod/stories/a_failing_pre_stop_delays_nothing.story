apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: a, image: a, lifecycle: {preStop: {exec: {command: [bye]}}}}]
%%
> 0 prepared
  image a
  = Pending initialized: a ContainerCreating
> 0 found a SIGQUIT sha256:a
  start a #0
> 0 started a
  - a Started: Started container a
  = Running initialized ready: a running started ready
> 10 end deleted
  - a Killing: Stopping container a
  preStop a until 40
  = Running initialized ready ends by 40: a running started ready
> 11 unhooked a preStop exited with 1
  ! a FailedPreStopHook: exited with 1
  signal a SIGQUIT
> 12 ended a 0
  over
  = Succeeded initialized ends by 40: a terminated Completed 0
