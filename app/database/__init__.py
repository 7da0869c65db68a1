"""The doors to PostgreSQL and Valkey, whose rows are whose, and bringing the schema up to date."""
