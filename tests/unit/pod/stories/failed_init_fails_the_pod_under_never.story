apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: Never
  initContainers: [{name: side, image: s, restartPolicy: Always}, {name: one, image: i}]
  containers: [{name: a, image: a}]
%%
> images
> 0 prepared
  start side #0
  = Pending: side PodInitializing; one PodInitializing; a PodInitializing
> 1 started side
  - side Started: Started container side
  start one #0
  = Pending: side running started ready; one PodInitializing; a PodInitializing
> 2 started one
  - one Started: Started container one
  = Pending: side running started ready; one running started; a PodInitializing
> 3 ended one 7 no such file
  - side Killing: Stopping container side
  signal side SIGTERM
  = Pending ends by 33: side running started ready; one terminated Error 7 "no such file"; a PodInitializing
> 4 ended side TERM
  over
  = Failed ends by 33: side terminated Error 143 SIGTERM; one terminated Error 7 "no such file"; a PodInitializing
