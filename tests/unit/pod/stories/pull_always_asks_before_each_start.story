apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: a, image: 'a:latest'}]
%%
> 0 prepared
  image a
  = Pending initialized: a ContainerCreating
> 1 found a 0 sha256:a1
  start a #0
> 1 started a
  - a Started: Started container a
  = Running initialized ready: a running started ready
> 2 ended a 1
  image a
  = Running initialized: a terminated Error 1
> 3 found a 0 sha256:a2
  start a #1
> 3 started a
  - a Started: Started container a
  = Running initialized ready: a restarts=1 running started ready last Error 1
