apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: app, image: a}]
%%
> images
> 0 prepared
  start app #0
  = Pending initialized: app ContainerCreating
> 0 started app
  - app Started: Started container app
  = Running initialized ready: app running started ready
> 1 ended app 1
  start app #1
  = Running initialized: app terminated Error 1
> 1 started app
  - app Started: Started container app
  = Running initialized ready: app restarts=1 running started ready last Error 1
> 2 ended app 1
  ! app BackOff: Back-off restarting failed container app
  = Running initialized: app restarts=1 CrashLoopBackOff "back-off 10s restarting failed container app" last Error 1
@ 12
  start app #2
  = Running initialized: app restarts=1 terminated Error 1 last Error 1
> 12 started app
  - app Started: Started container app
  = Running initialized ready: app restarts=2 running started ready last Error 1
> 612 ended app 1
  start app #3
  = Running initialized: app restarts=2 terminated Error 1 last Error 1
> 612 started app
  - app Started: Started container app
  = Running initialized ready: app restarts=3 running started ready last Error 1
> 613 ended app 1
  ! app BackOff: Back-off restarting failed container app
  = Running initialized: app restarts=3 CrashLoopBackOff "back-off 10s restarting failed container app" last Error 1
