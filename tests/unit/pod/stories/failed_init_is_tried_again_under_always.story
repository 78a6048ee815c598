apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  initContainers: [{name: one, image: i}]
  containers: [{name: a, image: a}]
%%
> images
> 0 prepared
  start one #0
  = Pending: one PodInitializing; a PodInitializing
> 0 started one
  - one Started: Started container one
  = Pending: one running started; a PodInitializing
> 1 ended one 1
  start one #1
  = Pending: one terminated Error 1; a PodInitializing
> 1 started one
  - one Started: Started container one
  = Pending: one restarts=1 running started last Error 1; a PodInitializing
> 2 ended one 1
  ! one BackOff: Back-off restarting failed container one
  = Pending: one restarts=1 CrashLoopBackOff "back-off 10s restarting failed container one" last Error 1; a PodInitializing
@ 12
  start one #2
  = Pending: one restarts=1 terminated Error 1 last Error 1; a PodInitializing
> 12 started one
  - one Started: Started container one
  = Pending: one restarts=2 running started last Error 1; a PodInitializing
> 13 ended one 0
  start a #0
  = Pending initialized: one restarts=2 terminated Completed 0 last Error 1; a PodInitializing
> 14 started a
  - a Started: Started container a
  = Running initialized ready: one restarts=2 terminated Completed 0 last Error 1; a running started ready
