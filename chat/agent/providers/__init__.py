"""Where the model lives: one file a provider, all of the shape `chat.agent.ports.Provider`."""
