"""The household's own rows in forms that other programs read (CSV, Parquet, FHIR), for its own disk."""
