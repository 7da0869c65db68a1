-- _merge_copies: merge staged rows that are equal in every column into one row with a count.
--
-- Definition  An export may repeat a row. Rows are equal if they agree in all columns, including
--             GA4's batch numbers and the hash of all parameters (content_hash); the hash is then
--             dropped, not stored. Only the few rows of one device and instant are compared.
-- Tenant      none: a temporary table of this transaction.
-- Called by   app/ingest/store/staging.py, after the rows of p_event_type were copied into stage_TYPE
create or replace function _merge_copies(p_event_type text)
returns void
language plpgsql
set enable_nestloop = off
set work_mem = '64MB'
as $$
declare
    v_stage text := 'stage_' || p_event_type;
begin
    execute format('alter table %I add column copies integer not null default 1', v_stage);
    execute format(
        'with suspects as (
            select s.event_ts, s.event_name, coalesce(s.user_pseudo_id, '''') as device
            from %1$I as s
            group by 1, 2, 3
            having count(*) > 1
        ),
        numbered as (
            select
                s.ctid as place, count(*) over (partition by s) as copies,
                row_number() over (partition by s order by s.ctid) as nth
            from %1$I as s
            inner join suspects as u
                on
                    u.event_ts = s.event_ts and u.event_name = s.event_name
                    and u.device = coalesce(s.user_pseudo_id, '''')
        ),
        gone as (
            delete from %1$I as s using numbered as n where s.ctid = n.place and n.nth > 1
        )
        update %1$I as s
        set copies = n.copies
        from numbered as n
        where s.ctid = n.place and n.nth = 1 and n.copies > 1',
        v_stage
    );
    execute format('alter table %I drop column content_hash', v_stage);
end;
$$;
