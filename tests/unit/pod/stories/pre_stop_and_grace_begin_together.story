apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  terminationGracePeriodSeconds: 5
  containers:
  - name: a
    image: a
    lifecycle: {preStop: {exec: {command: [bye]}}, stopSignal: SIGINT}
  - name: b
    image: b
    lifecycle: {preStop: {exec: {command: [bye]}}}
%%
> images
> 0 prepared
  start a #0
  start b #0
  = Pending initialized: a ContainerCreating; b ContainerCreating
> 0 started a
  - a Started: Started container a
  = Pending initialized: a running started ready; b ContainerCreating
> 0 started b
  - b Started: Started container b
  = Running initialized ready: a running started ready; b running started ready
> 10 end deleted
  - a Killing: Stopping container a
  - b Killing: Stopping container b
  preStop a until 15
  preStop b until 15
  = Running initialized ready ends by 15: a running started ready; b running started ready
> 12 hooked a preStop
  signal a SIGINT
> 13 ended a INT
  = Running initialized ends by 15: a terminated Error 130 SIGINT; b running started ready
@ 15
  stop preStop b
  kill b
> 16 ended b KILL
  over
  = Failed initialized ends by 15: a terminated Error 130 SIGINT; b terminated Error 137 SIGKILL
