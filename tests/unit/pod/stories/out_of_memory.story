apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  restartPolicy: OnFailure
  containers: [{name: a, image: a}]
%%
> images
> 0 prepared
  start a #0
  = Pending initialized: a ContainerCreating
> 0 started a
  - a Started: Started container a
  = Running initialized ready: a running started ready
> 5 oom a
> 5.1 ended a KILL
  start a #1
  = Running initialized: a terminated OOMKilled 137 SIGKILL
> 5.2 started a
  - a Started: Started container a
  = Running initialized ready: a restarts=1 running started ready last OOMKilled 137 SIGKILL
> 9 ended a 0
  over
  = Succeeded initialized ends by 39: a restarts=1 terminated Completed 0 last OOMKilled 137 SIGKILL
