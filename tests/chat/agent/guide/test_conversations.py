"""Whole conversations with the real tools against a demo cluster: lists, looks, changes, and what refers back."""
