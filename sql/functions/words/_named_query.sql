-- _named_query: SQL text that reads a staged table with its named ids and the column raw_ids.
--
-- Definition  id_found holds the ids whose name differs from their text. If it is empty, the staged
--             rows need no change.
-- Tenant      none: a staged table holds one tenant's rows.
-- Called by   sql/functions/load/_replace_events.sql
create or replace function _named_query(p_stage text)
returns text
language plpgsql
as $$
begin
    if not exists (select from id_found) then
        return format('select s.*, null::jsonb as raw_ids from %I as s', p_stage);
    end if;
    return (
        select format(
            'select %s,
                case when coalesce(c.kind, k.kind, b.kind) is not null then
                    jsonb_strip_nulls(jsonb_build_object(
                        ''contact'', c.raw_id, ''company'', k.raw_id, ''branch'', b.raw_id
                    ))
                end as raw_ids
            from %I as s
            left join id_found as c on c.kind = ''contact'' and c.raw_id = s.user_id
            left join id_found as k on k.kind = ''company'' and k.raw_id = s.company_id
            left join id_found as b on b.kind = ''branch'' and b.raw_id = s.branch_id',
            string_agg(
                case a.attname
                    when 'user_id'
                        then 'case when c.kind is null then s.user_id else c.named_id end as user_id'
                    when 'company_id'
                        then 'case when k.kind is null then s.company_id else k.named_id end'
                            ' as company_id'
                    when 'branch_id'
                        then 'case when b.kind is null then s.branch_id else b.named_id end'
                            ' as branch_id'
                    else 's.' || quote_ident(a.attname)
                end, ', ' order by a.attnum
            ), p_stage
        )
        from pg_attribute as a
        where
            a.attrelid = ('pg_temp.' || p_stage)::regclass and a.attnum > 0
            and not a.attisdropped
    );
end;
$$;
