"""The REST door: one resource a file."""
