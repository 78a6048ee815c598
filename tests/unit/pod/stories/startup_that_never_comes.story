apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: a
    image: a
    startupProbe: {tcpSocket: {port: 80}, periodSeconds: 1, failureThreshold: 2}
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 started a
  - a Started: Started container a
  startup a until 1
  = Running initialized: a running
> 0.5 bad a startup connection refused
  ! a Unhealthy: Startup probe failed: connection refused
@ 1
  startup a until 2
> 1.5 bad a startup connection refused
  ! a Unhealthy: Startup probe failed: connection refused
  - a Killing: Container a failed its startup probe; it is started anew
  signal a SIGTERM
> 2 ended a TERM
  start a #1
  = Running initialized: a terminated Error 143 SIGTERM
> 2 started a
  - a Started: Started container a
  startup a until 3
  = Running initialized: a restarts=1 running last Error 143 SIGTERM
