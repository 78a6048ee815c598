apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: Never
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
> 1 started a
  - a Started: Started container a
  = Running initialized ready: side running started ready; a running started ready
> 2 ended side 0
  start side #1
  = Running initialized: side terminated Completed 0; a running started ready
> 2 started side
  - side Started: Started container side
  = Running initialized ready: side restarts=1 running started ready last Completed 0; a running started ready
> 3 ended side 1
  ! side BackOff: Back-off restarting failed container side
  = Running initialized: side restarts=1 CrashLoopBackOff "back-off 10s restarting failed container side" last Error 1; a running started ready
> 9 ended a 0
  over
  = Succeeded initialized ends by 39: side restarts=1 terminated Error 1 last Completed 0; a terminated Completed 0
