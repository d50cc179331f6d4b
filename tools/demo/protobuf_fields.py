"""Field numbers of the messages kubectl sends in protobuf, from the generated.proto files of Kubernetes 1.36.

A field is its JSON name and kind; `*` marks pointers, whose zero counts, `[]` lists and `{}` maps.
"""

Fields = dict[int, tuple[str, str]]


def _numbered(*entries: str) -> Fields:
    """`"1 name string"` and so on, as a table."""
    found: Fields = {}
    for entry in entries:
        number, name, kind = entry.split()
        found[int(number)] = (name, kind)
    return found


def _object(spec: str = "", status: str = "Ignored") -> Fields:
    entries = ["1 metadata ObjectMeta"]
    if spec:
        entries += [f"2 spec {spec}", f"3 status *{status}"]
    return _numbered(*entries)


MESSAGES: dict[str, Fields] = {
    "Unknown": _numbered("1 typeMeta TypeMeta", "2 raw bytes", "3 contentEncoding string", "4 contentType string"),
    "TypeMeta": _numbered("1 apiVersion string", "2 kind string"),
    "Time": _numbered("1 seconds int", "2 nanos int"),
    "Quantity": _numbered("1 string string"),
    "IntOrString": _numbered("1 type int", "2 intVal int", "3 strVal string"),
    "ExtraValue": _numbered("1 items []string"),
    "Ignored": {},
    "ObjectMeta": _numbered(
        "1 name string",
        "2 generateName string",
        "3 namespace string",
        "4 selfLink string",
        "5 uid string",
        "6 resourceVersion string",
        "7 generation int",
        "8 creationTimestamp Time",
        "9 deletionTimestamp Time",
        "10 deletionGracePeriodSeconds *int",
        "11 labels {}string",
        "12 annotations {}string",
        "13 ownerReferences []OwnerReference",
        "14 finalizers []string",
    ),
    "OwnerReference": _numbered(
        "1 kind string",
        "3 name string",
        "4 uid string",
        "5 apiVersion string",
        "6 controller *bool",
        "7 blockOwnerDeletion *bool",
    ),
    "DeleteOptions": _numbered(
        "1 gracePeriodSeconds *int",
        "2 preconditions Preconditions",
        "3 orphanDependents *bool",
        "4 propagationPolicy *string",
        "5 dryRun []string",
    ),
    "Preconditions": _numbered("1 uid *string", "2 resourceVersion *string"),
    "Eviction": _numbered("1 metadata ObjectMeta", "2 deleteOptions *DeleteOptions"),
    "ConfigMap": _numbered("1 metadata ObjectMeta", "2 data {}string", "3 binaryData {}bytes", "4 immutable *bool"),
    "Secret": _numbered(
        "1 metadata ObjectMeta", "2 data {}bytes", "3 type string", "4 stringData {}string", "5 immutable *bool"
    ),
    "Namespace": _object("NamespaceSpec", "NamespaceStatus"),
    "NamespaceSpec": _numbered("1 finalizers []string"),
    "NamespaceStatus": _numbered("1 phase string"),
    "ServiceAccount": _numbered("1 metadata ObjectMeta", "4 automountServiceAccountToken *bool"),
    "LabelSelector": _numbered("1 matchLabels {}string", "2 matchExpressions []LabelSelectorRequirement"),
    "LabelSelectorRequirement": _numbered("1 key string", "2 operator string", "3 values []string"),
    "ResourceAttributes": _numbered(
        "1 namespace string",
        "2 verb string",
        "3 group string",
        "4 version string",
        "5 resource string",
        "6 subresource string",
        "7 name string",
    ),
    "NonResourceAttributes": _numbered("1 path string", "2 verb string"),
    "SelfSubjectAccessReview": _object("SelfSubjectAccessReviewSpec", "AccessStatus"),
    "SelfSubjectAccessReviewSpec": _numbered(
        "1 resourceAttributes *ResourceAttributes", "2 nonResourceAttributes *NonResourceAttributes"
    ),
    "SubjectAccessReview": _object("SubjectAccessReviewSpec", "AccessStatus"),
    "LocalSubjectAccessReview": _object("SubjectAccessReviewSpec", "AccessStatus"),
    "SubjectAccessReviewSpec": _numbered(
        "1 resourceAttributes *ResourceAttributes",
        "2 nonResourceAttributes *NonResourceAttributes",
        "3 user string",
        "4 groups []string",
        "5 extra {}ExtraValue",
        "6 uid string",
    ),
    "AccessStatus": _numbered("1 allowed bool", "2 reason string", "3 evaluationError string", "4 denied bool"),
    "SelfSubjectRulesReview": _object("SelfSubjectRulesReviewSpec", "RulesStatus"),
    "SelfSubjectRulesReviewSpec": _numbered("1 namespace string"),
    "RulesStatus": _numbered("3 incomplete bool", "4 evaluationError string"),
    "SelfSubjectReview": _numbered("1 metadata ObjectMeta", "2 status *SelfSubjectReviewStatus"),
    "SelfSubjectReviewStatus": _numbered("1 userInfo *UserInfo"),
    "UserInfo": _numbered("1 username string", "2 uid string", "3 groups []string", "4 extra {}ExtraValue"),
    "Role": _numbered("1 metadata ObjectMeta", "2 rules []PolicyRule"),
    "ClusterRole": _numbered("1 metadata ObjectMeta", "2 rules []PolicyRule"),
    "PolicyRule": _numbered(
        "1 verbs []string", "2 apiGroups []string", "3 resources []string", "4 resourceNames []string",
        "5 nonResourceURLs []string",
    ),
    "RoleBinding": _numbered("1 metadata ObjectMeta", "2 subjects []Subject", "3 roleRef RoleRef"),
    "ClusterRoleBinding": _numbered("1 metadata ObjectMeta", "2 subjects []Subject", "3 roleRef RoleRef"),
    "Subject": _numbered("1 kind string", "2 apiGroup string", "3 name string", "4 namespace string"),
    "RoleRef": _numbered("1 apiGroup string", "2 kind string", "3 name string"),
    "Service": _object("ServiceSpec", "ServiceStatus"),
    "ServiceStatus": _numbered("1 loadBalancer *Ignored"),
    "ServiceSpec": _numbered(
        "1 ports []ServicePort",
        "2 selector {}string",
        "3 clusterIP string",
        "4 type string",
        "5 externalIPs []string",
        "7 sessionAffinity string",
        "8 loadBalancerIP string",
        "10 externalName string",
        "11 externalTrafficPolicy string",
        "12 healthCheckNodePort int",
        "13 publishNotReadyAddresses bool",
    ),
    "ServicePort": _numbered(
        "1 name string", "2 protocol string", "3 port int", "4 targetPort IntOrString", "5 nodePort int",
        "6 appProtocol *string",
    ),
    "Deployment": _object("DeploymentSpec", "DeploymentStatus"),
    "DeploymentSpec": _numbered(
        "1 replicas *int",
        "2 selector *LabelSelector",
        "3 template *PodTemplateSpec",
        "4 strategy *DeploymentStrategy",
        "5 minReadySeconds int",
        "6 revisionHistoryLimit *int",
        "7 paused bool",
        "9 progressDeadlineSeconds *int",
    ),
    "DeploymentStrategy": _numbered("1 type string", "2 rollingUpdate *RollingUpdate"),
    "RollingUpdate": _numbered("1 maxUnavailable *IntOrString", "2 maxSurge *IntOrString"),
    "DeploymentStatus": _numbered(
        "1 observedGeneration int", "2 replicas int", "3 updatedReplicas int", "4 availableReplicas int",
        "5 unavailableReplicas int", "7 readyReplicas int", "8 collisionCount *int", "9 terminatingReplicas *int",
    ),
    "PodTemplateSpec": _numbered("1 metadata ObjectMeta", "2 spec *PodSpec"),
    "PodSpec": _numbered(
        "2 containers []Container",
        "3 restartPolicy string",
        "4 terminationGracePeriodSeconds *int",
        "5 activeDeadlineSeconds *int",
        "6 dnsPolicy string",
        "7 nodeSelector {}string",
        "8 serviceAccountName string",
        "9 serviceAccount string",
        "10 nodeName string",
        "11 hostNetwork bool",
        "12 hostPID bool",
        "13 hostIPC bool",
        "14 securityContext *Ignored",
        "16 hostname string",
        "17 subdomain string",
        "19 schedulerName string",
        "24 priorityClassName string",
    ),
    "Container": _numbered(
        "1 name string",
        "2 image string",
        "3 command []string",
        "4 args []string",
        "5 workingDir string",
        "6 ports []ContainerPort",
        "7 env []EnvVar",
        "8 resources *ResourceRequirements",
        "13 terminationMessagePath string",
        "14 imagePullPolicy string",
        "16 stdin bool",
        "17 stdinOnce bool",
        "18 tty bool",
        "20 terminationMessagePolicy string",
    ),
    "ContainerPort": _numbered(
        "1 name string", "2 hostPort int", "3 containerPort int", "4 protocol string", "5 hostIP string"
    ),
    "EnvVar": _numbered("1 name string", "2 value string"),
    "ResourceRequirements": _numbered("1 limits {}Quantity", "2 requests {}Quantity"),
    "Job": _object("JobSpec", "JobStatus"),
    "JobSpec": _numbered(
        "1 parallelism *int",
        "2 completions *int",
        "3 activeDeadlineSeconds *int",
        "4 selector *LabelSelector",
        "5 manualSelector *bool",
        "6 template *PodTemplateSpec",
        "7 backoffLimit *int",
        "8 ttlSecondsAfterFinished *int",
        "9 completionMode *string",
        "10 suspend *bool",
    ),
    "JobStatus": _numbered("4 active int", "5 succeeded int", "6 failed int", "7 completedIndexes string"),
    "Pod": _object("PodSpec", "Ignored"),
    "CronJob": _object("CronJobSpec", "Ignored"),
    "CronJobSpec": _numbered(
        "1 schedule string",
        "2 startingDeadlineSeconds *int",
        "3 concurrencyPolicy string",
        "4 suspend *bool",
        "5 jobTemplate *JobTemplateSpec",
        "6 successfulJobsHistoryLimit *int",
        "7 failedJobsHistoryLimit *int",
        "8 timeZone *string",
    ),
    "JobTemplateSpec": _numbered("1 metadata ObjectMeta", "2 spec *JobSpec"),
    "PodDisruptionBudget": _object("PodDisruptionBudgetSpec", "PodDisruptionBudgetStatus"),
    "PodDisruptionBudgetSpec": _numbered(
        "1 minAvailable *IntOrString", "2 selector *LabelSelector", "3 maxUnavailable *IntOrString",
        "4 unhealthyPodEvictionPolicy *string",
    ),
    "PodDisruptionBudgetStatus": _numbered(
        "1 observedGeneration int", "3 disruptionsAllowed int", "4 currentHealthy int", "5 desiredHealthy int",
        "6 expectedPods int",
    ),
    "ResourceQuota": _object("ResourceQuotaSpec", "Ignored"),
    "ResourceQuotaSpec": _numbered("1 hard {}Quantity", "2 scopes []string"),
    "PriorityClass": _numbered(
        "1 metadata ObjectMeta", "2 value int", "3 globalDefault bool", "4 description string",
        "5 preemptionPolicy *string",
    ),
    "CrossVersionObjectReference": _numbered("1 kind string", "2 name string", "3 apiVersion string"),
    "AutoscalerV1": _object("AutoscalerV1Spec", "AutoscalerStatus"),
    "AutoscalerV1Spec": _numbered(
        "1 scaleTargetRef CrossVersionObjectReference", "2 minReplicas *int", "3 maxReplicas int",
        "4 targetCPUUtilizationPercentage *int",
    ),
    "AutoscalerV2": _object("AutoscalerV2Spec", "AutoscalerStatus"),
    "AutoscalerV2Spec": _numbered(
        "1 scaleTargetRef CrossVersionObjectReference", "2 minReplicas *int", "3 maxReplicas int",
        "4 metrics []MetricSpec",
    ),
    "AutoscalerStatus": _numbered("1 observedGeneration *int", "3 currentReplicas int", "4 desiredReplicas int"),
    "MetricSpec": _numbered("1 type string", "4 resource *ResourceMetricSource"),
    "ResourceMetricSource": _numbered("1 name string", "2 target MetricTarget"),
    "MetricTarget": _numbered(
        "1 type string", "2 value *Quantity", "3 averageValue *Quantity", "4 averageUtilization *int"
    ),
}  # fmt: skip

AUTOSCALERS = {"autoscaling/v1": "AutoscalerV1", "autoscaling/v2": "AutoscalerV2"}
KINDS = frozenset(
    {
        "ClusterRole",
        "ClusterRoleBinding",
        "ConfigMap",
        "CronJob",
        "DeleteOptions",
        "Deployment",
        "Eviction",
        "Job",
        "LocalSubjectAccessReview",
        "Namespace",
        "Pod",
        "PodDisruptionBudget",
        "PriorityClass",
        "ResourceQuota",
        "Role",
        "RoleBinding",
        "Secret",
        "SelfSubjectAccessReview",
        "SelfSubjectReview",
        "SelfSubjectRulesReview",
        "Service",
        "ServiceAccount",
        "SubjectAccessReview",
    }
)


def message_of(api_version: str, kind: str) -> str:
    """The message behind a kind, "" when it is not known here."""
    if kind == "HorizontalPodAutoscaler":
        return AUTOSCALERS.get(api_version, "")
    return kind if kind in KINDS else ""
