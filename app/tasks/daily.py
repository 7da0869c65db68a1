"""What happens to tasks by the clock: the day's factors, and a note of what closed by itself."""

from __future__ import annotations

from sqlalchemy import text

from app.database.engine import admin_transaction, tenant_transaction


def keep_tasks() -> int:
    """Fix the day's factors of scores and estimates and record what closed; answers the tenants.

    Source: sql/functions/tasks/_fix_scale_daily.sql, sql/functions/tasks/_record_closings.sql
    """
    with admin_transaction() as conn:
        found = conn.execute(text("select tenant_id from tenant where not is_suspended")).all()
    for (tenant_id,) in found:
        with tenant_transaction(tenant_id) as conn:
            statement = text("select _fix_scale_daily(:t), _record_closings(:t)")
            conn.execute(statement, {"t": tenant_id})
    return len(found)
