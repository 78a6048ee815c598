apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: a
    image: a
    livenessProbe: {exec: {command: [ok]}, periodSeconds: 5, failureThreshold: 1}
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 started a
  - a Started: Started container a
  liveness a until 1
  = Running initialized ready: a running started ready
> 0.1 good a liveness
@ 5
  liveness a until 6
> 5.5 frozen
  stop liveness a
> 6 bad a liveness late
> 100 thawed
@ 105
  liveness a until 106
> 105.1 good a liveness
