-- What a member may see becomes one argument of every function that names customers, contacts,
-- orders or exclusions. location_ids: the branches, null for all; owner: the member's address, whose
-- customers are seen at every branch, null for viewers; is_masked: contacts are shortened.
create type member_scope as (location_ids text [], owner text, is_masked boolean);

-- What lists of tasks search by, apart from `words`, which holds everything: what a viewer sees of
-- the row, and its own contact. Null until the row is derived again, and then found by neither.
alter table task add column shown_words text;
alter table task add column contact_words text;

create index users_account_owner on users (tenant_id, lower(account_owner))
where account_owner is not null;
create index task_work_customer on task_work (tenant_id, customer_key);
create index task_history_assigned on task_history (tenant_id, lower(owner), task_id)
where action = 'assign';

-- Their arguments change; the deploy makes them again from sql/functions/.
drop function if exists get_customer(uuid, text, text[], timestamptz);
drop function if exists get_customer_devices(uuid, text, text[], integer);
drop function if exists get_customer_people(uuid, text, text[], integer);
drop function if exists get_customer_products(uuid, text, text[], integer);
drop function if exists get_customer_summaries(uuid, text[], timestamptz);
drop function if exists get_user_history(
    uuid, text, text[], text[], integer, integer, jsonb, boolean, timestamptz
);
drop function if exists get_session(uuid, text, text[]);
drop function if exists get_session_history(uuid, text, integer, bigint, boolean);
drop function if exists get_order_visit(uuid, text, text[], integer);
drop function if exists get_tasks(uuid, uuid[], timestamptz);
drop function if exists get_task_queue(
    uuid, date, date, text[], text[], boolean, numeric, text[], text[], text, integer, integer,
    timestamptz
);
drop function if exists get_queue_counts(
    uuid, date, date, timestamptz, text[], text, text[], text[], timestamptz
);
drop function if exists list_customers(
    uuid, text, text[], text, integer, integer, timestamptz
);
drop function if exists _filed_customers(uuid, text[], boolean);
drop function if exists get_purchase_tasks(
    uuid, date, date, text[], text, text[], boolean, numeric, text, text, integer, integer,
    jsonb, boolean, timestamptz, text
);
drop function if exists get_cart_abandonment_tasks(
    uuid, date, date, text[], text, text[], boolean, numeric, text, text, integer, integer,
    jsonb, boolean, timestamptz, text
);
drop function if exists get_repeat_visit_tasks(
    uuid, date, date, text[], text, text[], boolean, numeric, text, text, integer, integer,
    jsonb, boolean, timestamptz, text
);
drop function if exists get_bounce_tasks(
    uuid, date, date, text[], text, text[], boolean, numeric, text, text, integer, integer,
    jsonb, boolean, timestamptz, text
);
drop function if exists get_search_analysis_tasks(
    uuid, date, date, text[], text, text[], boolean, numeric, text, text, integer, integer,
    jsonb, boolean, timestamptz, text, text[]
);
drop function if exists _list_tasks(
    uuid, text[], date, date, text[], text, text[], boolean, numeric, text, text, integer,
    integer, jsonb, boolean, timestamptz, text
);
drop function if exists _count_tasks(
    uuid, text[], date, date, text[], text, boolean, numeric, timestamptz, text
);
drop function if exists _task_source(
    text[], text[], text[], boolean, numeric, text[], boolean
);
drop function if exists list_unassigned_tasks(
    uuid, text, date, date, text[], integer, timestamptz
);
