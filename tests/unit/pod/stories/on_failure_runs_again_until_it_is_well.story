apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: OnFailure
  containers: [{name: app, image: a}, {name: other, image: b}]
%%
> images
> 0 prepared
  start app #0
  start other #0
  = Pending initialized: app ContainerCreating; other ContainerCreating
> 0 started app
  - app Started: Started container app
  = Pending initialized: app running started ready; other ContainerCreating
> 0 started other
  - other Started: Started container other
  = Running initialized ready: app running started ready; other running started ready
> 3 ended other 0
  = Running initialized: app running started ready; other terminated Completed 0
> 4 ended app 2
  start app #1
  = Running initialized: app terminated Error 2; other terminated Completed 0
> 4 started app
  - app Started: Started container app
  = Running initialized: app restarts=1 running started ready last Error 2; other terminated Completed 0
> 9 ended app 0
  over
  = Succeeded initialized ends by 39: app restarts=1 terminated Completed 0 last Error 2; other terminated Completed 0
