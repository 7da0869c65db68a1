"""Customer and branch files: fetched by SFTP, read, judged, held back."""
