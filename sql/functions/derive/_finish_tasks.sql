-- _finish_tasks: task_new, the finished rows of task_found.
--
-- Definition  Adds what the customer file and earlier orders say about a task's contact and
--             company: how to reach them (phone 6, email 4; for a company without a contact, any of
--             its contacts), whether they ordered in the 12 months before the first evidence. Repeat
--             visits are worth at most the mean of the earlier orders. The customer is the company,
--             else contact, else device.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   sql/functions/derive/_derive_tasks.sql
create or replace function _finish_tasks(p_tenant_id uuid)
returns void
language plpgsql
as $$
begin
    analyze task_found;
    perform _run_orders(p_tenant_id);
    insert into task_new (
        tenant_id, task_type, subject, first_at, order_key, task_id, last_at, last_date,
        user_pseudo_id, contact_id, company_id, customer_key, customer_name, branch_id,
        closing_order_key, closed_at, closed_reason, ready_at, expires_at, currency,
        value, is_value_incomplete, estimate_sessions, is_task, is_flagged, has_checkout, reach,
        is_known_buyer, terms, detail, words, shown_words, contact_words, row_hash
    )
    with contacts as (
        select
            u.*,
            _words(concat_ws(
                ' ', u.buying_company_erp_id, u.buying_company_name, u.user_id, u.name, u.email,
                u.phone
            )) as words,
            _words(concat_ws(
                ' ', u.buying_company_erp_id, u.buying_company_name,
                case when strpos(u.user_id, '@') = 0 then u.user_id end
            )) as shown_words,
            _words(concat_ws(
                ' ', u.name, u.email, u.phone, case when strpos(u.user_id, '@') > 0 then u.user_id end
            )) as contact_words
        from users as u
        where u.tenant_id = p_tenant_id
    ),
    companies as (
        select
            u.buying_company_erp_id as company_id, bool_or(u.phone <> '') as has_phone,
            bool_or(u.email <> '') as has_email,
            min(nullif(u.buying_company_name, '')) as name,
            string_agg(u.words, '' order by u.user_id) as words
        from contacts as u
        where u.buying_company_erp_id is not null
        group by u.buying_company_erp_id
    ),
    finished as (
        select
            p_tenant_id, f.task_type, f.subject, f.first_at, f.order_key,
            md5(concat_ws(
                chr(31), f.task_type, f.subject, extract(epoch from f.first_at), f.order_key
            ))::uuid as task_id,
            f.last_at, f.last_date, f.user_pseudo_id, f.contact_id, f.company_id,
            coalesce('k:' || f.company_id, 'c:' || f.contact_id, 'd:' || f.user_pseudo_id)
                as customer_key,
            case
                when f.company_id is null then nullif(u.name, '')
                else coalesce(c.name, f.company_id)
            end as customer_name,
            f.branch_id,
            f.closing_order_key, f.closed_at, f.closed_reason, f.ready_at, f.expires_at, f.currency,
            case when f.is_capped then least(f.value, b.mean_revenue) else f.value end as value,
            f.is_value_incomplete, f.estimate_sessions, f.is_task, false as is_flagged,
            f.has_checkout,
            case
                when f.contact_id is null
                    then 6 * coalesce(c.has_phone, false)::integer
                        + 4 * coalesce(c.has_email, false)::integer
                else 6 * (coalesce(u.phone, '') <> '')::integer
                    + 4 * (coalesce(u.email, '') <> '')::integer
            end::smallint as reach,
            coalesce(b.order_ts >= f.first_at - interval '12 months', false) as is_known_buyer,
            f.terms,
            case f.task_type
                when 'purchase' then f.detail || jsonb_build_object('is_first', b.order_ts is null)
                else f.detail
            end as detail,
            case
                when u.user_id is null then _words(concat_ws(' ', f.company_id, f.contact_id))
                when u.buying_company_erp_id = f.company_id or f.company_id is null then u.words
                else u.words || _words(f.company_id)
            end
            || case when f.contact_id is null then coalesce(c.words, '') else '' end
            || f.words as words,
            case
                when u.user_id is null then _words(concat_ws(
                    ' ', f.company_id, c.name,
                    case when strpos(f.contact_id, '@') = 0 then f.contact_id end
                ))
                when u.buying_company_erp_id = f.company_id or f.company_id is null
                    then u.shown_words
                else u.shown_words || _words(f.company_id)
            end || f.words as shown_words,
            coalesce(u.contact_words, _words(
                case when strpos(f.contact_id, '@') > 0 then f.contact_id end
            ), '') as contact_words
        from task_found as f
        left join contacts as u on u.user_id = f.contact_id
        left join companies as c on c.company_id = f.company_id
        left join lateral (
            select o.order_ts, o.mean_revenue
            from order_run as o
            where
                o.party = coalesce('k:' || f.company_id, 'c:' || f.contact_id)
                and o.order_ts < f.first_at
            order by o.order_ts desc
            limit 1
        ) as b on true
    )
    select n.*, hash_record_extended(n, 0)
    from finished as n;
    drop table order_run;
    analyze task_new;
end;
$$;
