"""What to do about each act: one plan an act, one file a family."""
