apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: Never
  containers: [{name: a, image: a}, {name: b, image: b}]
%%
> 0 prepared
  image a
  image b
  = Pending initialized: a ContainerCreating; b ContainerCreating
> 1 found b 0 sha256:b
  start b #0
> 1 started b
  - b Started: Started container b
  = Pending initialized: a ContainerCreating; b running started ready
> 2 failed a connection refused
  ! a Failed: Failed to pull image "a": connection refused
  = Pending initialized: a ErrImagePull "image "a": connection refused"; b running started ready
@ 12
  image a
> 12 failed a connection refused
  ! a Failed: Failed to pull image "a": connection refused
  = Pending initialized: a ImagePullBackOff "image "a": connection refused"; b running started ready
> 20 ended b 0
  = Pending initialized: a ImagePullBackOff "image "a": connection refused"; b terminated Completed 0
@ 32
  image a
> 32 pulling a
  - a Pulling: Pulling image "a"
> 33 found a 0 sha256:a
  start a #0
  = Pending initialized: a ContainerCreating; b terminated Completed 0
> 33 started a
  - a Started: Started container a
  = Running initialized: a running started ready; b terminated Completed 0
> 34 ended a 0
  over
  = Succeeded initialized ends by 64: a terminated Completed 0; b terminated Completed 0
