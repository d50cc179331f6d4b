"""The fake node agent, part by part."""
