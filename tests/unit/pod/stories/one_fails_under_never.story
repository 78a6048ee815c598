apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: Never
  containers: [{name: app, image: a}]
%%
> images
> 0 prepared
  start app #0
  = Pending initialized: app ContainerCreating
> 1 started app
  - app Started: Started container app
  = Running initialized ready: app running started ready
> 5 ended app 3
  over
  = Failed initialized ends by 35: app terminated Error 3
