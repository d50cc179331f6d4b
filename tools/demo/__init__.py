"""The embedded demo cluster: an HTTP server that speaks the Kubernetes API, and the story it tells."""
