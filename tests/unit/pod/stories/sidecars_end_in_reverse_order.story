apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  initContainers:
  - {name: first, image: s, restartPolicy: Always}
  - {name: second, image: s, restartPolicy: Always, lifecycle: {preStop: {sleep: {seconds: 2}}}}
  containers: [{name: a, image: a}, {name: b, image: b}]
%%
> images
> 0 prepared
  start first #0
  = Pending: first PodInitializing; second PodInitializing; a PodInitializing; b PodInitializing
> 0 started first
  - first Started: Started container first
  start second #0
  = Pending: first running started ready; second PodInitializing; a PodInitializing; b PodInitializing
> 0 started second
  - second Started: Started container second
  start a #0
  start b #0
  = Pending initialized: first running started ready; second running started ready; a PodInitializing; b PodInitializing
> 1 started a
  - a Started: Started container a
  = Pending initialized: first running started ready; second running started ready; a running started ready; b PodInitializing
> 1 started b
  - b Started: Started container b
  = Running initialized ready: first running started ready; second running started ready; a running started ready; b running started ready
> 10 end deleted
  - first Killing: Stopping container first
  - second Killing: Stopping container second
  - a Killing: Stopping container a
  - b Killing: Stopping container b
  preStop second until 40
  signal a SIGTERM
  signal b SIGTERM
  = Running initialized ready ends by 40: first running started ready; second running started ready; a running started ready; b running started ready
> 11 ended a 0
  = Running initialized ends by 40: first running started ready; second running started ready; a terminated Completed 0; b running started ready
> 12 hooked second preStop
> 13 ended b TERM
  signal second SIGTERM
  = Running initialized ends by 40: first running started ready; second running started ready; a terminated Completed 0; b terminated Error 143 SIGTERM
> 14 ended second TERM
  signal first SIGTERM
  = Running initialized ends by 40: first running started ready; second terminated Error 143 SIGTERM; a terminated Completed 0; b terminated Error 143 SIGTERM
> 15 ended first 0
  over
  = Failed initialized ends by 40: first terminated Completed 0; second terminated Error 143 SIGTERM; a terminated Completed 0; b terminated Error 143 SIGTERM
