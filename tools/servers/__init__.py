"""Other MCP servers whose tools people may use here: registered by administrators, each tool with the effect that they
gave it (docs/mcp.md). Nothing else in the portal speaks to such a server."""
