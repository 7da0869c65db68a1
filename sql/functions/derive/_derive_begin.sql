-- _derive_begin: create the transaction's working tables, all empty.
--
-- Definition  replaced lists the days and event types that a load replaces; touched_* collect what
--             must be derived again; the others pass rows from one step to the next.
-- Tenant      none: temporary tables of this transaction.
-- Called by   app/ingest/store/load.py, before _replace_events or _derive
create or replace function _derive_begin()
returns void
language plpgsql
as $$
begin
    create temporary table replaced (event_type text, event_date date) on commit drop;
    create temporary table touched_session (
        session_key bigint, session_id text, primary key (session_key, session_id)
    ) on commit drop;
    create temporary table touched_order (order_key text primary key) on commit drop;
    create temporary table touched_party (
        party text collate "C" primary key
    ) on commit drop;
    create temporary table touched_day (event_date date primary key) on commit drop;
    create temporary table touched_subject (
        task_type text, subject text collate "C", primary key (task_type, subject)
    ) on commit drop;
    create temporary table mixed_session (
        session_key bigint, session_id text, first_event_date date, last_event_date date,
        primary key (session_key, session_id)
    ) on commit drop;
    create temporary table mixed_event (
        source oid, source_row tid, session_key bigint, session_id text, position integer,
        contact_id text, company_property text, branch_id text, primary key (source, source_row)
    ) on commit drop;
    create temporary table gap_change (
        scope text, session_date date, previous_date date,
        before_previous_date date, visitors bigint
    ) on commit drop;
    create temporary table session_found (
        like session, first_view_ts timestamptz
    ) on commit drop;
    create temporary table session_new (like session) on commit drop;
    create temporary table order_new (like shop_order) on commit drop;
    create temporary table repeat_new (like order_repeat) on commit drop;
    create temporary table refund_new (like refund) on commit drop;
    create temporary table order_image (
        contact_id text, company_id text, user_pseudo_id text, session_key bigint, session_id text
    ) on commit drop;
    create temporary table fact_new (like fact including defaults) on commit drop;
    create temporary table id_found (
        kind text, raw_id text collate "C", named_id text, first_date date, last_date date,
        primary key (kind, raw_id)
    ) on commit drop;
    create temporary table renamed_event (
        session_key bigint, session_id text, event_date date, order_key text
    ) on commit drop;
    create temporary table changed_visit (session_key bigint, session_id text) on commit drop;
    create temporary table evidence (like fact) on commit drop;
    create temporary table chain_span (
        subject text collate "C", first_at timestamptz, last_at timestamptz,
        closing_order_key text, closed_at timestamptz
    ) on commit drop;
    create temporary table task_found (
        task_type text, subject text collate "C", first_at timestamptz, order_key text,
        last_at timestamptz, last_date date, user_pseudo_id text, contact_id text,
        company_id text, branch_id text, closing_order_key text, closed_at timestamptz,
        closed_reason text, ready_at timestamptz, expires_at timestamptz, currency text,
        value numeric, is_value_incomplete boolean, estimate_sessions integer, is_task boolean,
        has_checkout boolean, terms text[], detail jsonb, words text, is_capped boolean
    ) on commit drop;
    create temporary table task_new (like task) on commit drop;
    alter table task_new alter column state drop not null, alter column version drop not null;
end;
$$;
