"""Markup that wants to run or to fetch, through every renderer, in a real browser."""
