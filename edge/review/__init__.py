"""What a person reads.

Promises: trends are told with their coverage, their uncertainty and their limits. Refuses to import anything that
could hold a body (import contract in pyproject.toml).
"""
