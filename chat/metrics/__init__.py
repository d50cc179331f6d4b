"""Figures for operators, as Prometheus reads them (docs/operation.md, "Metrics").

Three sources, a file each: `here` what this process counts itself, `deeds` what the audit holds, `standing` what the
rows say right now.

No label takes a word from a person, a model or a cluster: each is one of a known few, and anything else is "other".
"""
