apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: a, image: a, readinessProbe: {exec: {command: [ok]}}}]
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 ended a 1
  start a #1
  = Running initialized: a terminated Error 1
> 0 started a
  - a Started: Started container a
  readiness a until 1
  = Running initialized: a restarts=1 running started last Error 1
> 0.2 started a
> 0.5 unready a late
@ 1
  stop readiness a
  ! a Unhealthy: Readiness probe failed: no answer within 1s
> 2 ended a 1
  ! a BackOff: Back-off restarting failed container a
  = Running initialized: a restarts=1 CrashLoopBackOff "back-off 10s restarting failed container a" last Error 1
> 2 good a readiness
> 2 hooked a preStop
> 2 started a
