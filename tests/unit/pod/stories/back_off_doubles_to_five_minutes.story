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
> 13 ended app 1
  ! app BackOff: Back-off restarting failed container app
  = Running initialized: app restarts=2 CrashLoopBackOff "back-off 20s restarting failed container app" last Error 1
@ 33
  start app #3
  = Running initialized: app restarts=2 terminated Error 1 last Error 1
> 33 started app
  - app Started: Started container app
  = Running initialized ready: app restarts=3 running started ready last Error 1
> 34 ended app 0
  ! app BackOff: Back-off restarting failed container app
  = Running initialized: app restarts=3 CrashLoopBackOff "back-off 40s restarting failed container app" last Completed 0
@ 74
  start app #4
  = Running initialized: app restarts=3 terminated Completed 0 last Error 1
> 74 started app
  - app Started: Started container app
  = Running initialized ready: app restarts=4 running started ready last Completed 0
> 75 ended app 1
  ! app BackOff: Back-off restarting failed container app
  = Running initialized: app restarts=4 CrashLoopBackOff "back-off 80s restarting failed container app" last Error 1
@ 155
  start app #5
  = Running initialized: app restarts=4 terminated Error 1 last Completed 0
> 155 started app
  - app Started: Started container app
  = Running initialized ready: app restarts=5 running started ready last Error 1
> 156 ended app 1
  ! app BackOff: Back-off restarting failed container app
  = Running initialized: app restarts=5 CrashLoopBackOff "back-off 160s restarting failed container app" last Error 1
@ 316
  start app #6
  = Running initialized: app restarts=5 terminated Error 1 last Error 1
> 316 started app
  - app Started: Started container app
  = Running initialized ready: app restarts=6 running started ready last Error 1
> 317 ended app 1
  ! app BackOff: Back-off restarting failed container app
  = Running initialized: app restarts=6 CrashLoopBackOff "back-off 300s restarting failed container app" last Error 1
@ 617
  start app #7
  = Running initialized: app restarts=6 terminated Error 1 last Error 1
> 617 started app
  - app Started: Started container app
  = Running initialized ready: app restarts=7 running started ready last Error 1
> 618 ended app 1
  ! app BackOff: Back-off restarting failed container app
  = Running initialized: app restarts=7 CrashLoopBackOff "back-off 300s restarting failed container app" last Error 1
@ 918
  start app #8
  = Running initialized: app restarts=7 terminated Error 1 last Error 1
> 918 started app
  - app Started: Started container app
  = Running initialized ready: app restarts=8 running started ready last Error 1
