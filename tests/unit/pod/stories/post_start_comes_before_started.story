apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: a
    image: a
    lifecycle: {postStart: {exec: {command: [x]}}}
    livenessProbe: {exec: {command: [ok]}}
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 started a
  - a Started: Started container a
  postStart a
  = Running initialized: a running
> 4 hooked a postStart
  liveness a until 5
  = Running initialized ready: a running started ready
> 4.1 good a liveness
