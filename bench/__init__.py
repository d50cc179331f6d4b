"""Benchmarks: each prints one JSON object with its figures and their ratio to a baseline taken in the same run."""
