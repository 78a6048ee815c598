apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: a, image: a, imagePullPolicy: Never}]
%%
> 0 prepared
  image a
  = Pending initialized: a ContainerCreating
> 0 absent a
  ! a ErrImageNeverPull: image "a" is not here, and imagePullPolicy is Never
  = Pending initialized: a ErrImageNeverPull "image "a" is not here, and imagePullPolicy is Never"
@ 10
  image a
> 10
> 10.1 found a 0 sha256:a
  start a #0
  = Pending initialized: a ContainerCreating
> 11 started a
  - a Started: Started container a
  = Running initialized ready: a running started ready
> 12 end deleted
  - a Killing: Stopping container a
  signal a SIGTERM
  = Running initialized ready ends by 42: a running started ready
> 13 ended a TERM
  over
  = Failed initialized ends by 42: a terminated Error 143 SIGTERM
