"""The local log: coarse mood trends of places, encrypted, with every minute accounted for.

Promises: what crosses into this package is an affect or an abstention with a time and a place, never anything of
a body. Refuses to import anything that could hold one (import contract in pyproject.toml).
"""
