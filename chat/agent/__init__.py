"""The turn: one streaming loop between a provider and the stage. Plain Python, no Django, no Kubernetes."""
