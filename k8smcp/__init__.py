"""Wiring only: environment to settings, addresses, the ASGI onion, and the checks that refuse a bad set-up."""
