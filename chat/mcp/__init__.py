"""The door for other agents: MCP over streamable HTTP at `/mcp`."""
