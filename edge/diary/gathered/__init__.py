"""For a service that gathers what many consenting homes shared, on PostgreSQL (extra "gather").

Promises: nothing half done is kept. Refuses a home's own diary: nothing here runs where a camera does.
"""
