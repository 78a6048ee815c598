apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: OnFailure
  containers: [{name: a, image: a}]
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 started a
  - a Started: Started container a
  = Running initialized ready: a running started ready
> 1 ended a 1
  start a #1
  = Running initialized: a terminated Error 1
> 1 started a
  - a Started: Started container a
  = Running initialized ready: a restarts=1 running started ready last Error 1
> 2 ended a 1
  ! a BackOff: Back-off restarting failed container a
  = Running initialized: a restarts=1 CrashLoopBackOff "back-off 10s restarting failed container a" last Error 1
> 5 end deleted
  over
  = Failed initialized ends by 35: a restarts=1 terminated Error 1 last Error 1
