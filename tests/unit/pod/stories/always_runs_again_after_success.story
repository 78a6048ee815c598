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
> 5 ended app 0
  start app #1
  = Running initialized: app terminated Completed 0
> 5.1 started app
  - app Started: Started container app
  = Running initialized ready: app restarts=1 running started ready last Completed 0
> 20 ended app 0
  ! app BackOff: Back-off restarting failed container app
  = Running initialized: app restarts=1 CrashLoopBackOff "back-off 10s restarting failed container app" last Completed 0
> 25
