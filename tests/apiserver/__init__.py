"""Tests on a real API server, and the rig that starts one."""
