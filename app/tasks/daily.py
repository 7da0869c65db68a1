"""What happens to tasks by the clock: the day's factors, and a note of what closed by itself."""

from __future__ import annotations

from sqlalchemy import text

from app.database.engine import tenant_transaction
from app.database.tenants import list_active_tenants


def keep_tasks() -> int:
    """Fix the day's factors of scores and estimates and record what closed; answers the tenants.

    Source: sql/functions/tasks/_fix_scale_daily.sql, sql/functions/tasks/_record_closings.sql
    """
    tenant_ids = list_active_tenants()
    for tenant_id in tenant_ids:
        with tenant_transaction(tenant_id) as conn:
            statement = text("select _fix_scale_daily(:t), _record_closings(:t)")
            conn.execute(statement, {"t": tenant_id})
    return len(tenant_ids)
