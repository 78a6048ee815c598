apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: a
    image: a
    readinessProbe: {httpGet: {port: 80}, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 1}
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 started a
  - a Started: Started container a
  readiness a until 5
  = Running initialized: a running started
> 1 good a readiness
  = Running initialized ready: a running started ready
@ 2
  readiness a until 7
@ 7
  stop readiness a
  ! a Unhealthy: Readiness probe failed: no answer within 5s
  readiness a until 12
  = Running initialized: a running started
> 7.5 good a readiness
  = Running initialized ready: a running started ready
> 8 good a readiness
