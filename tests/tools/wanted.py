"""Manifests that tests of tools apply."""

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {mode: fast}\n"
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: app, image: "nginx:1.27"}]
"""
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""
CRONJOB = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: tidy}
spec:
  schedule: "0 3 * * *"
  suspend: true
  jobTemplate:
    spec:
      template:
        spec: {restartPolicy: Never, containers: [{name: tidy, image: "busybox:1.36"}]}
"""
# A value that nobody is shown, in what revisions keep and jobs are made from.
LITERAL = "correct-horse-battery"
WITH_LITERAL = DEPLOYMENT.rstrip()[:-2] + f", env: [{{name: DB_PASSWORD, value: {LITERAL}}}]}}]\n"
CRONJOB_WITH_LITERAL = CRONJOB.rstrip()[:-3] + f", env: [{{name: DB_PASSWORD, value: {LITERAL}}}]}}]}}\n"
