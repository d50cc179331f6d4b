"""What is wrong with an object: pure rules from what the cluster says to findings in plain words."""
