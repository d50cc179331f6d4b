"""A run in the terminal: what is shown of it, which keys decide, and how it ends (docs/ask.md)."""
