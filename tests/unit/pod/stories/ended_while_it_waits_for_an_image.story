apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: a, image: a}]
%%
> 0 prepared
  image a
  = Pending initialized: a ContainerCreating
> 1 failed a not found
  ! a Failed: Failed to pull image "a": not found
  = Pending initialized: a ErrImagePull "image "a": not found"
> 2 end deleted
  over
  = Failed initialized ends by 32: a ErrImagePull "image "a": not found"
