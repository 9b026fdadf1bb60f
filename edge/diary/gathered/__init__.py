"""For a service, never a home: what many consenting homes shared, on PostgreSQL (extra "gather")."""
