"""Who a row belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.errors import TenantNotSet

__all__ = ["Tenant", "TenantNotSet"]


@dataclass(frozen=True)
class Tenant:
    """A company that uses the system."""

    tenant_id: UUID
    slug: str
    name: str
