"""Parts of the generator of demo tenants; `dev.generate` is its front door."""
