"""The house: what holds for every file, checked by reading them."""
