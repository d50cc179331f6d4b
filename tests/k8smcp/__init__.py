"""The wiring: environment, checks, the commands."""
