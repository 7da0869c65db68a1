"""The schedule of ingestion, and the form all schedules share."""
