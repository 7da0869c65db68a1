"""When ingestion starts by itself."""
