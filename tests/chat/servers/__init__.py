"""Tests of other servers' tools behind the gate."""
