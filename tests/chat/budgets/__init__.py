"""Tests of what the agent's work may cost."""
