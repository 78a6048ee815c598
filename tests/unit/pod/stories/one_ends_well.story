apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: Never
  containers: [{name: app, image: a}]
%%
> 0 prepared
  image app
  = Pending initialized: app ContainerCreating
> 0.5 pulling app
  - app Pulling: Pulling image "a"
> 2 found app 0 sha256:17
  start app #0
> 2.5 started app
  - app Started: Started container app
  = Running initialized ready: app running started ready
> 60 ended app 0 all done
  over
  = Succeeded initialized ends by 90: app terminated Completed 0 "all done"
