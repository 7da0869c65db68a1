-- What the data says about whose a customer is. _store_accounts fills it.
create table customer_account (
    tenant_id uuid not null,
    customer_key text not null,
    account_owner text,
    branch_id text not null default '',
    branch_source text,
    constraint customer_account_pkey primary key (tenant_id, customer_key),
    constraint customer_account_branch_source check (branch_source in ('order', 'file', 'evidence'))
);
create index customer_account_owner on customer_account (tenant_id, account_owner)
where account_owner is not null;
create index customer_account_branch on customer_account (tenant_id, branch_id);
-- All steps of one press, to undo them together.
create index task_history_nonce on task_history (tenant_id, nonce) where nonce is not null;
-- Replaced by customer_account; an earlier release may still read them.
alter table task alter column owner_branch_id drop not null;
-- Functions whose arguments or results change.
drop function if exists get_task_queue(
    uuid, member_scope, date, date, text[], text[], boolean, numeric, text[], text[], text, integer,
    integer, timestamptz
);
drop function if exists get_queue_counts(
    uuid, member_scope, date, date, timestamptz, text[], text, text[], text[], timestamptz
);
drop function if exists get_team_board(uuid, date, date, timestamptz, text[], timestamptz);
drop function if exists list_unassigned_tasks(
    uuid, text, date, date, text[], integer, timestamptz
);
drop function if exists _assigned_owners(uuid, text[]);
drop function if exists _orders_by_customer(uuid, date, date);
drop function if exists _credited_orders(uuid, timestamptz, timestamptz, integer);
drop function if exists get_purchase_tasks(
    uuid, member_scope, date, date, text[], text, text[], boolean, numeric, text, text, integer,
    integer, jsonb, boolean, timestamptz, text
);
drop function if exists get_cart_abandonment_tasks(
    uuid, member_scope, date, date, text[], text, text[], boolean, numeric, text, text, integer,
    integer, jsonb, boolean, timestamptz, text
);
drop function if exists get_repeat_visit_tasks(
    uuid, member_scope, date, date, text[], text, text[], boolean, numeric, text, text, integer,
    integer, jsonb, boolean, timestamptz, text
);
drop function if exists get_bounce_tasks(
    uuid, member_scope, date, date, text[], text, text[], boolean, numeric, text, text, integer,
    integer, jsonb, boolean, timestamptz, text
);
drop function if exists get_search_analysis_tasks(
    uuid, member_scope, date, date, text[], text, text[], boolean, numeric, text, text, integer,
    integer, jsonb, boolean, timestamptz, text, text[]
);
