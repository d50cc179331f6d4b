"""What can be wrong with a wish before anything is sent. Every text is a plain sentence with the next step.

ToolError
├── UnknownTool     no tool has that name
├── BadArguments    the arguments do not fit the tool's schema
└── UnknownCluster  no cluster is registered under that name, or none at all
"""


class ToolError(Exception):
    """`code` is for programs, the text for people and for the model."""

    code = "tool_error"


class UnknownTool(ToolError):
    code = "unknown_tool"


class BadArguments(ToolError):
    code = "bad_arguments"


class UnknownCluster(ToolError):
    code = "unknown_cluster"
