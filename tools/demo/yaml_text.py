"""YAML the way the API server writes it: sorted keys, double quotes only where a plain word would be ambiguous."""

from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Quotes like Go's encoder."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    tag = "tag:yaml.org,2002:str"
    style = None
    if "\n" in value:
        style = "|"
    elif dumper.resolve(yaml.ScalarNode, value, (True, False)) != tag:  # type: ignore[no-untyped-call]
        style = '"'
    return dumper.represent_scalar(tag, value, style=style)


_Dumper.add_representer(str, _text)


def dump(value: Any) -> bytes:
    return yaml.dump(value, Dumper=_Dumper, default_flow_style=False, sort_keys=True, width=10**6).encode()
