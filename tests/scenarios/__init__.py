"""Everyday faults, each put right by tool calls through the real gate: whether the tools suffice."""
