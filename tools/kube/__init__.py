"""HTTP to clusters: the only package that speaks to an API server."""
