"""What can be done to clusters: the catalogue of tools, the only way to run one, and the client below."""
