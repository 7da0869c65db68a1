"""The schedule of ingestion, and the form shared by all schedules."""
