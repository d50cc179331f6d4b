"""What the work of the agent may cost: prices, whose budget counts, how far a run may go, and what was spent."""
