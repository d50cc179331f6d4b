"""The audit: rows that nobody changes, a chain that shows when somebody did, and what people read of it."""
