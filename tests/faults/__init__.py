"""Faults: what is promised when something dies."""
