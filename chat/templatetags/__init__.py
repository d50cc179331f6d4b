"""Words for the portal's templates."""
