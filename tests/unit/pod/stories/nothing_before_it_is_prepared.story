apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: app, image: a}]
%%
> images
> 5
  = Pending: app ContainerCreating
> 6 prepared
  start app #0
  = Pending initialized: app ContainerCreating
