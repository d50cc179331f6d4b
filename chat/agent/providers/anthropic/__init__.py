"""The model behind a Messages API: Anthropic's own, a gateway, vLLM, Ollama."""
