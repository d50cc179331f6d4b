"""The rig: real processes, a nemesis on every link between them, clients that write down all they say and hear."""
