apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  terminationGracePeriodSeconds: 60
  containers:
  - name: a
    image: a
    livenessProbe: {exec: {command: [ok]}, initialDelaySeconds: 3, periodSeconds: 5, failureThreshold: 2, terminationGracePeriodSeconds: 4}
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 started a
  - a Started: Started container a
  = Running initialized ready: a running started ready
@ 3
  liveness a until 4
> 3.1 good a liveness
@ 8
  liveness a until 9
> 8.1 bad a liveness exit status 1
  ! a Unhealthy: Liveness probe failed: exit status 1
@ 13
  liveness a until 14
> 13.1 bad a liveness exit status 1
  ! a Unhealthy: Liveness probe failed: exit status 1
  - a Killing: Container a failed its liveness probe; it is started anew
  signal a SIGTERM
@ 17.1
  kill a
> 17.2 ended a KILL
  start a #1
  = Running initialized: a terminated Error 137 SIGKILL
> 17.3 started a
  - a Started: Started container a
  = Running initialized ready: a restarts=1 running started ready last Error 137 SIGKILL
@ 20.3
  liveness a until 21.3
> 20.4 good a liveness
