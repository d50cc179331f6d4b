"""The attacker's programme: a model that obeys an attacker completely, and a portal that must hold all the same.

`families/` has the scripts, one table a family; `campaign.py` plays them through the real doors against a cluster;
`judging.py` decides from the API server's own log and from a scan for planted canaries, never from what the portal says
of itself. `mutants.py` breaks the gate on purpose, `doors/` tries every route and frame, `markup/` every renderer.
"""
