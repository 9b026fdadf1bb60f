"""The household's own rows in forms that other programs read (CSV, Parquet, FHIR), for its own disk.

Promises: an export says what the rows say and no more. Refuses to be part of what is kept: nothing here is read back.
"""
