-- Rows derived from events in the transaction that loads them; never written by hand.
-- branch_id '' is "no branch". The gap tables count per scope: '*' is all branches together, '=D01'
-- is branch D01 and '=' is no branch, so that no branch a visitor names can be taken for '*'.
create table session (
    tenant_id uuid not null,
    session_key bigint not null,
    session_id text not null,
    user_pseudo_id text not null,
    ga_session_id bigint not null,
    session_date date not null,
    first_ts timestamptz not null,
    last_ts timestamptz not null,
    first_event_date date not null,
    last_event_date date not null,
    visitor_id text not null collate "C",
    contact_id text,
    company_id text,
    branch_id text not null,
    is_mixed boolean not null,
    page_views integer not null,
    item_views integer not null,
    cart_events integer not null,
    purchases integer not null,
    searches integer not null,
    failed_searches integer not null,
    is_bounce boolean not null,
    entry_url text,
    device_category text,
    city text,
    country text,
    traffic_source text,
    traffic_medium text,
    row_hash bigint not null,
    constraint session_pkey primary key (tenant_id, session_key, session_id)
);
create index session_date on session (tenant_id, session_date, branch_id);
create index session_span on session (tenant_id, last_event_date, first_event_date);
create index session_visitor on session (tenant_id, visitor_id, first_ts);
create index session_contact on session (tenant_id, contact_id) where contact_id is not null;
create index session_mixed on session (tenant_id) where is_mixed;
create index session_unseen on session (tenant_id, session_date) where page_views = 0;

-- How many visitors came on a day and were last there on the previous one: distinct
-- visitors of [a, b] are those of the days in it whose previous day lies before a.
create table visitor_gap (
    tenant_id uuid not null,
    scope text not null,
    session_date date not null,
    previous_date date not null,
    visitors bigint not null,
    constraint visitor_gap_pkey primary key (tenant_id, scope, session_date, previous_date)
);

-- The same over single sessions with one more step back: repeat visitors of [a, b] have a
-- session in it whose previous one lies in it too and the one before that does not.
create table repeat_gap (
    tenant_id uuid not null,
    scope text not null,
    session_date date not null,
    previous_date date not null,
    before_previous_date date not null,
    visitors bigint not null,
    constraint repeat_gap_pkey primary key (
        tenant_id, scope, session_date, previous_date, before_previous_date
    )
);

create table shop_order (
    tenant_id uuid not null,
    order_key text not null,
    transaction_id text,
    order_ts timestamptz not null,
    order_date date not null,
    session_key bigint,
    session_id text,
    user_pseudo_id text,
    contact_id text,
    company_id text,
    branch_id text not null,
    currency text not null,
    revenue numeric not null,
    is_revenue_missing boolean not null,
    items_json jsonb,
    row_hash bigint not null,
    constraint shop_order_pkey primary key (tenant_id, order_key)
);
create index shop_order_date on shop_order (tenant_id, order_date, branch_id);
create index shop_order_session on shop_order (tenant_id, session_key);
create index shop_order_contact on shop_order (tenant_id, contact_id, order_ts);
create index shop_order_company on shop_order (tenant_id, company_id, order_ts);
create index shop_order_device on shop_order (tenant_id, user_pseudo_id, order_ts);

-- A further purchase event of an order that was counted already.
create table order_repeat (
    tenant_id uuid not null,
    order_key text not null,
    repeat_number integer not null,
    event_ts timestamptz not null,
    event_date date not null,
    branch_id text not null,
    constraint order_repeat_pkey primary key (tenant_id, order_key, repeat_number)
);
create index order_repeat_date on order_repeat (tenant_id, event_date);

create table refund (
    tenant_id uuid not null,
    order_key text not null,
    refund_number integer not null,
    refund_ts timestamptz not null,
    refund_date date not null,
    branch_id text not null,
    currency text not null,
    amount numeric not null,
    is_attached boolean not null,
    constraint refund_pkey primary key (tenant_id, order_key, refund_number)
);
create index refund_date on refund (tenant_id, refund_date);

create table branch_day (
    tenant_id uuid not null,
    event_date date not null,
    branch_id text not null,
    sessions bigint not null default 0,
    sessions_with_order bigint not null default 0,
    bounces bigint not null default 0,
    page_views bigint not null default 0,
    searches bigint not null default 0,
    failed_searches bigint not null default 0,
    cookieless_events bigint not null default 0,
    duplicate_orders bigint not null default 0,
    orders_without_revenue bigint not null default 0,
    constraint branch_day_pkey primary key (tenant_id, event_date, branch_id)
);

-- Money of a day and branch by currency; currency '' is the tenant's reporting currency.
create table branch_day_money (
    tenant_id uuid not null,
    event_date date not null,
    branch_id text not null,
    currency text not null,
    orders bigint not null default 0,
    revenue numeric not null default 0,
    refunds numeric not null default 0,
    constraint branch_day_money_pkey primary key (tenant_id, event_date, branch_id, currency)
);

-- Thin evidence of sessions that tasks are made of, one row per event, or per line of a cart event.
create table fact (
    tenant_id uuid not null,
    session_key bigint not null,
    session_id text not null,
    position integer not null,
    task_type text not null,
    kind text not null,
    subject text not null collate "C",
    fact_ts timestamptz not null,
    event_date date not null,
    batch_page_id bigint,
    batch_ordering_id integer,
    batch_event_index integer,
    user_pseudo_id text not null,
    contact_id text,
    company_id text,
    branch_id text not null,
    item_key text,
    item_id text,
    item_name text,
    price numeric,
    quantity numeric,
    currency text not null,
    term text,
    row_hash bigint not null,
    constraint fact_pkey primary key (tenant_id, session_key, session_id, position)
);
create index fact_subject on fact (tenant_id, task_type, subject, fact_ts);
create index fact_date on fact (tenant_id, task_type, event_date);
create index fact_company on fact (tenant_id, company_id) where company_id is not null;
create index fact_device on fact (tenant_id, user_pseudo_id);

-- A run of evidence of one subject and type, up to an order or 30 silent days.
create table chain (
    tenant_id uuid not null,
    task_type text not null,
    subject text not null collate "C",
    first_at timestamptz not null,
    last_at timestamptz not null,
    last_date date not null,
    user_pseudo_id text not null,
    contact_id text,
    company_id text,
    branch_id text not null,
    closing_order_key text,
    closed_at timestamptz,
    ready_at timestamptz not null,
    expires_at timestamptz not null,
    currency text not null,
    value numeric not null,
    is_value_incomplete boolean not null,
    is_task boolean not null,
    has_checkout boolean not null,
    lines jsonb not null,
    row_hash bigint not null,
    constraint chain_pkey primary key (tenant_id, task_type, subject, first_at)
);
create index chain_task on chain (tenant_id, task_type, last_date, branch_id)
include (ready_at, value, currency) where is_task;
