"""What requests and responses share: pages, JSON, limits, security headers, paging."""
