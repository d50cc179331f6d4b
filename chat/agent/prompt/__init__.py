"""What the agent is told before the first word."""
