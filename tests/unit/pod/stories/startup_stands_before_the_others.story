apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: a
    image: a
    startupProbe: {tcpSocket: {port: 80}, periodSeconds: 1, failureThreshold: 3}
    livenessProbe: {tcpSocket: {port: 80}, periodSeconds: 10}
    readinessProbe: {tcpSocket: {port: 80}, initialDelaySeconds: 5, periodSeconds: 10}
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
> 1.5 good a startup
  liveness a until 2.5
  = Running initialized: a running started
> 1.6 good a liveness
@ 5
  readiness a until 6
> 5.1 good a readiness
  = Running initialized ready: a running started ready
