"""What is wrong, as k8s_diagnose says it: findings read from its answer, and the sentences that would mend them."""
