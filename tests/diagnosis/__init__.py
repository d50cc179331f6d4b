"""Diagnosis: faults seeded into real clusters, and rules that no cluster here can break."""
