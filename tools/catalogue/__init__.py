"""The tools, one file a subject, each with its TOOLS."""
