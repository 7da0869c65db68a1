"""Scheduled ingestion."""
