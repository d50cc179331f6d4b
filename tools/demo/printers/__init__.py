"""The cells of Table answers, one printer a kind, as the API server computes them."""
