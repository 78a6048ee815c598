apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: Never
  containers: [{name: a, image: a, livenessProbe: {exec: {command: [ok]}, failureThreshold: 1}}]
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 started a
  - a Started: Started container a
  liveness a until 1
  = Running initialized ready: a running started ready
> 0.1 bad a liveness
  ! a Unhealthy: Liveness probe failed
  - a Killing: Container a failed its liveness probe
  signal a SIGTERM
> 1 ended a TERM
  over
  = Failed initialized ends by 31: a terminated Error 143 SIGTERM
