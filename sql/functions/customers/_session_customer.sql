-- _session_customer: the customer key of a session: company, else contact, else device.
--
-- Called by   sql/functions/customers/get_session.sql, get_session_history.sql, get_order_visit.sql
create or replace function _session_customer(p_session session)
returns text
language sql
immutable
as $$
    select coalesce(
        'k:' || (p_session).company_id, 'c:' || (p_session).contact_id,
        'd:' || (p_session).user_pseudo_id
    )
$$;
