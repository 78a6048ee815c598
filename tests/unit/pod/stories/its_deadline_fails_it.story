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
> 60 end deadline 5 it was active for longer than activeDeadlineSeconds
  - a Killing: Stopping container a
  signal a SIGTERM
  = Running DeadlineExceeded it was active for longer than activeDeadlineSeconds initialized ready ends by 65: a running started ready
> 61 ended a 0
  over
  = Failed DeadlineExceeded it was active for longer than activeDeadlineSeconds initialized ends by 65: a terminated Completed 0
