"""What Home Assistant is told: day aggregates and whether it watches, over MQTT, where a household switches it on.

Promises: a process of its own that subscribes to nothing, so nothing that anybody publishes, retained or not, can make
it do anything. Refuses to import anything that could hold a body (import contract in pyproject.toml), and to tell
anything finer than a day.
"""
