"""Django's PostgreSQL with a pool that gives out no connection the server has already ended."""
