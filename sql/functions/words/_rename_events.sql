-- _rename_events: set the ids of one kind in one event table to the names in id_found; record the
-- rows in renamed_event.
--
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/words/_rename_ids.sql
create or replace function _rename_events(
    p_tenant_id uuid, p_table text, p_kind text, p_first date, p_last date
)
returns void
language plpgsql
as $$
declare
    v_column text := case p_kind
        when 'contact' then 'user_id' when 'company' then 'company_id' else 'branch_id'
    end;
begin
    execute format(
        'with renamed as (
            update %1$I as e
            set
                %2$I = f.named_id,
                raw_ids = nullif(
                    coalesce(e.raw_ids, ''{}'') - $4 || case
                        when f.named_id is distinct from f.raw_id
                            then jsonb_build_object($4, f.raw_id)
                        else ''{}''
                    end, ''{}''
                )
            from id_found as f
            where
                f.kind = $4 and e.tenant_id = $1 and e.event_date between $2 and $3
                and f.raw_id = coalesce(e.raw_ids ->> $4, e.%2$I)
            returning e.session_key, e.session_id, e.event_date, %3$s as order_key
        )
        insert into renamed_event
        select distinct r.session_key, r.session_id, r.event_date, r.order_key
        from renamed as r',
        p_table, v_column, case when p_table = 'purchase' then 'e.order_key' else 'null::text' end
    ) using p_tenant_id, p_first, p_last, p_kind;
end;
$$;
