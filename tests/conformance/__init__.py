"""What a client may rely on, asked of a real API server and of the demo cluster alike."""
