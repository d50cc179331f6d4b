"""The test suite: mirrors the packages, on real parts."""
