apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: Never
  initContainers:
  - name: side
    image: s
    restartPolicy: Always
    startupProbe: {tcpSocket: {port: 80}, periodSeconds: 2}
  - {name: one, image: i}
  containers: [{name: a, image: a}]
%%
> images
> 0 prepared
  start side #0
  = Pending: side PodInitializing; one PodInitializing; a PodInitializing
> 1 started side
  - side Started: Started container side
  startup side until 2
  = Pending: side running; one PodInitializing; a PodInitializing
> 1.5 bad side startup connection refused
  ! side Unhealthy: Startup probe failed: connection refused
@ 3
  startup side until 4
> 3.5 good side startup
  start one #0
  = Pending: side running started ready; one PodInitializing; a PodInitializing
> 4 started one
  - one Started: Started container one
  = Pending: side running started ready; one running started; a PodInitializing
> 5 ended one 0
  start a #0
  = Pending initialized: side running started ready; one terminated Completed 0; a PodInitializing
> 6 started a
  - a Started: Started container a
  = Running initialized ready: side running started ready; one terminated Completed 0; a running started ready
> 9 ended a 0
  - side Killing: Stopping container side
  signal side SIGTERM
  = Running initialized ends by 39: side running started ready; one terminated Completed 0; a terminated Completed 0
> 10 ended side 3
  over
  = Succeeded initialized ends by 39: side terminated Error 3; one terminated Completed 0; a terminated Completed 0
