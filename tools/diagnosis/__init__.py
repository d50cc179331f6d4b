"""What is wrong in a cluster, by rules: objects in, findings out. Pure: nothing here speaks to a cluster."""
