apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  terminationGracePeriodSeconds: 5
  containers:
  - name: a
    image: a
    lifecycle: {preStop: {exec: {command: [bye]}}}
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 started a
  - a Started: Started container a
  = Running initialized ready: a running started ready
> 10 end preempted 5 preempted by job 7
  - a Killing: Stopping container a
  preStop a until 15
  = Running Preempted preempted by job 7 initialized ready disrupted PreemptionByScheduler ends by 15: a running started ready
> 12 hooked a preStop
  signal a SIGTERM
> 13 ended a 0
  over
  = Failed Preempted preempted by job 7 initialized disrupted PreemptionByScheduler ends by 15: a terminated Completed 0
