apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers: [{name: a, image: a}]
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 unready a configmap "conf" not found
  ! a Failed: Error: configmap "conf" not found
  = Pending initialized: a CreateContainerConfigError "configmap "conf" not found"
@ 10
  start a #0
> 10 unready a configmap "conf" not found
  ! a Failed: Error: configmap "conf" not found
> 13 config
  start a #0
> 13.1 started a
  - a Started: Started container a
  = Running initialized ready: a running started ready
