-- _replace_events: delete the rows of the replaced days and insert the staged ones.
--
-- Definition  For every event type and day in the temporary table replaced: delete, then insert the
--             rows of the temporary table stage_TYPE with their ids renamed. Sessions and orders of
--             the old and new rows are added to touched_session and touched_order.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/ingest/store/load.py, inside the swap transaction
create or replace function _replace_events(p_tenant_id uuid, p_load_id bigint)
returns void
language plpgsql
set enable_nestloop = off
set work_mem = '64MB'
as $$
declare
    v_type text;
    v_days date[];
    v_columns text;
    v_key text;
    v_order_key constant text := ', _order_key(event_name, transaction_id, '
        'user_pseudo_id || ''.'' || ga_session_id, '
        '_event_subject(user_id, company_id, user_pseudo_id), event_ts, revenue, $4)';
begin
    create temporary table changed_session (session_key bigint, session_id text) on commit drop;
    insert into touched_day select distinct r.event_date from replaced as r;
    perform _touch_sessionless(array(select d.event_date from touched_day as d));
    perform _name_staged(p_tenant_id);
    for v_type, v_days in
        select r.event_type, array_agg(distinct r.event_date) from replaced as r group by 1
    loop
        if v_type = 'purchase' then
            insert into touched_order
            select distinct p.order_key
            from purchase as p
            where p.tenant_id = p_tenant_id and p.event_date = any(v_days)
            on conflict do nothing;
        end if;
        execute format(
            'with gone as (
                delete from %I where tenant_id = $1 and event_date = any($2)
                returning session_key, session_id
            )
            insert into changed_session
            select distinct g.session_key, g.session_id from gone as g
            where g.session_key is not null',
            v_type
        ) using p_tenant_id, v_days;
        select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into v_columns
        from pg_attribute as a
        where a.attrelid = ('pg_temp.stage_' || v_type)::regclass and a.attnum > 0
            and not a.attisdropped;
        v_key := case when v_type = 'purchase' then ', order_key' else '' end;
        execute format(
            'with come as (
                insert into %I (tenant_id, load_id, raw_ids, %s%s)
                select $1, $2, raw_ids, %s%s from (%s) as named where event_date = any($3)
                returning session_key, session_id
            )
            insert into changed_session
            select distinct c.session_key, c.session_id from come as c
            where c.session_key is not null',
            v_type, v_columns, v_key, v_columns,
            case when v_type = 'purchase' then v_order_key else '' end,
            _named_query('stage_' || v_type)
        ) using p_tenant_id, p_load_id, v_days, _nothing_words(p_tenant_id);
    end loop;
    insert into touched_session
    select distinct c.session_key, c.session_id from changed_session as c
    on conflict do nothing;
    insert into touched_order
    select distinct p.order_key
    from purchase as p
    inner join replaced as r on p.event_date = r.event_date and r.event_type = 'purchase'
    where p.tenant_id = p_tenant_id
    on conflict do nothing;
    analyze touched_session;
end;
$$;
