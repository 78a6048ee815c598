apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: Never
  initContainers: [{name: one, image: i}, {name: two, image: i}]
  containers: [{name: a, image: a}, {name: b, image: b}]
%%
> images
> 0 prepared
  start one #0
  = Pending: one PodInitializing; two PodInitializing; a PodInitializing; b PodInitializing
> 1 started one
  - one Started: Started container one
  = Pending: one running started; two PodInitializing; a PodInitializing; b PodInitializing
> 2 ended one 0
  start two #0
  = Pending: one terminated Completed 0; two PodInitializing; a PodInitializing; b PodInitializing
> 3 started two
  - two Started: Started container two
  = Pending: one terminated Completed 0; two running started; a PodInitializing; b PodInitializing
> 4 ended two 0
  start a #0
  start b #0
  = Pending initialized: one terminated Completed 0; two terminated Completed 0; a PodInitializing; b PodInitializing
> 5 started a
  - a Started: Started container a
  = Pending initialized: one terminated Completed 0; two terminated Completed 0; a running started ready; b PodInitializing
> 6 started b
  - b Started: Started container b
  = Running initialized ready: one terminated Completed 0; two terminated Completed 0; a running started ready; b running started ready
> 7 ended a 0
  = Running initialized: one terminated Completed 0; two terminated Completed 0; a terminated Completed 0; b running started ready
> 8 ended b 0
  over
  = Succeeded initialized ends by 38: one terminated Completed 0; two terminated Completed 0; a terminated Completed 0; b terminated Completed 0
