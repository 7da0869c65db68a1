"""Customer and branch files: fetched by SFTP, parsed, checked, held back."""
