"""The GA4 export in BigQuery. The only place that imports Google's libraries."""
