"""The doors: every route for every role, every operation of the OpenAPI document, every frame anybody could send."""
