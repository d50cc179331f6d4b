"""Tests of tools/servers, against a real MCP server on loopback."""
