"""The conversation: what a team and the agent said and did, and the doors to it."""
