apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  terminationGracePeriodSeconds: 5
  initContainers: [{name: side, image: s, restartPolicy: Always}]
  containers: [{name: a, image: a}]
%%
> images
> 0 prepared
  start side #0
  = Pending: side PodInitializing; a PodInitializing
> 0 started side
  - side Started: Started container side
  start a #0
  = Pending initialized: side running started ready; a PodInitializing
> 0 started a
  - a Started: Started container a
  = Running initialized ready: side running started ready; a running started ready
> 10 end deleted
  - side Killing: Stopping container side
  - a Killing: Stopping container a
  signal a SIGTERM
  = Running initialized ready ends by 15: side running started ready; a running started ready
@ 15
  kill side
  kill a
> 15.2 ended a KILL
  = Running initialized ends by 15: side running started ready; a terminated Error 137 SIGKILL
> 15.3 ended side KILL
  over
  = Failed initialized ends by 15: side terminated Error 137 SIGKILL; a terminated Error 137 SIGKILL
