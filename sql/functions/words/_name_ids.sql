-- _name_ids: what each exported id in id_found refers to, into its named_id.
--
-- Definition  The identical id in the customer or branch file, else the only one that differs just
--             in case. A contact or branch that is in no file and is a word for nothing becomes
--             null, as does any company that is a word for nothing. Every other id stays as it is.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/words/_name_staged.sql, sql/functions/words/_rename_ids.sql
create or replace function _name_ids(p_tenant_id uuid)
returns void
language plpgsql
as $$
declare
    v_words text[] := _nothing_words(p_tenant_id);
begin
    analyze id_found;
    update id_found as f
    set named_id = n.named_id
    from (
        with listed as (
            select 'contact' as kind, u.user_id as id
            from users as u
            where u.tenant_id = p_tenant_id
            union
            select 'company', u.buying_company_erp_id
            from users as u
            where u.tenant_id = p_tenant_id and u.buying_company_erp_id is not null
            union
            select 'branch', l.location_id
            from locations as l
            where l.tenant_id = p_tenant_id
        ),
        folded as (
            select l.kind, lower(l.id) as folded_id, min(l.id) as id
            from listed as l
            group by l.kind, lower(l.id)
            having count(*) = 1
        ),
        judged as (
            select
                i.kind, i.raw_id, _is_nothing(i.raw_id collate "default", v_words) as is_nothing
            from id_found as i
        )
        select
            j.kind, j.raw_id,
            case
                when j.is_nothing and j.kind = 'company' then null
                else coalesce(e.id, c.id, case when not j.is_nothing then j.raw_id end)
            end as named_id
        from judged as j
        left join listed as e on e.kind = j.kind and e.id = j.raw_id
        left join folded as c
            on c.kind = j.kind and c.folded_id = lower(j.raw_id collate "default")
    ) as n
    where n.kind = f.kind and n.raw_id = f.raw_id;
end;
$$;
