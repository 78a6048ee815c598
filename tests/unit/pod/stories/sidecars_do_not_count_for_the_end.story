apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: OnFailure
  terminationGracePeriodSeconds: 3
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
> 9 ended a 0
  - side Killing: Stopping container side
  signal side SIGTERM
  = Running initialized ends by 12: side running started ready; a terminated Completed 0
@ 12
  kill side
> 12.5 ended side KILL
  over
  = Succeeded initialized ends by 12: side terminated Error 137 SIGKILL; a terminated Completed 0
