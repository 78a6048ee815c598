apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: a
    image: a
    readinessProbe: {httpGet: {port: 80}, periodSeconds: 2, successThreshold: 2, failureThreshold: 2}
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 started a
  - a Started: Started container a
  readiness a until 1
  = Running initialized: a running started
> 0.1 good a readiness
@ 2
  readiness a until 3
> 2.1 good a readiness
  = Running initialized ready: a running started ready
@ 4
  readiness a until 5
> 4.1 bad a readiness HTTP probe failed with statuscode: 503
  ! a Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503
@ 6
  readiness a until 7
> 6.1 bad a readiness HTTP probe failed with statuscode: 503
  ! a Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 503
  = Running initialized: a running started
@ 8
  readiness a until 9
> 8.1 good a readiness
> 9 end deleted
  - a Killing: Stopping container a
  signal a SIGTERM
  = Running initialized ends by 39: a running started
@ 10
  readiness a until 11
> 10.1 good a readiness
  = Running initialized ready ends by 39: a running started ready
> 11 ended a TERM
  over
  = Failed initialized ends by 39: a terminated Error 143 SIGTERM
