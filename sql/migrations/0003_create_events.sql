-- The six event tables, as extracted from GA4, partitioned by month of the property's day.
-- session_id is null for events without consent (cookieless), and so is session_key, its hash.

create table purchase (
    tenant_id uuid not null,
    event_date date not null,
    event_ts timestamptz not null,
    event_name text not null,
    user_pseudo_id text,
    ga_session_id bigint,
    user_id text,
    company_id text,
    branch_id text,
    is_engaged boolean,
    batch_page_id bigint,
    batch_ordering_id integer,
    batch_event_index integer,
    page_url text,
    source_table text not null,
    transaction_id text,
    revenue numeric(24, 6),
    currency text,
    items_json jsonb,
    order_key text not null,
    load_id bigint not null,
    session_id text generated always as (user_pseudo_id || '.' || ga_session_id) stored,
    session_key bigint generated always as (
        hashtextextended(user_pseudo_id, ga_session_id)
    ) stored
) partition by range (event_date);

create index purchase_event_date on purchase (tenant_id, event_date, branch_id);
create index purchase_session_key on purchase (tenant_id, session_key);

create table add_to_cart (
    tenant_id uuid not null,
    event_date date not null,
    event_ts timestamptz not null,
    event_name text not null,
    user_pseudo_id text,
    ga_session_id bigint,
    user_id text,
    company_id text,
    branch_id text,
    is_engaged boolean,
    batch_page_id bigint,
    batch_ordering_id integer,
    batch_event_index integer,
    page_url text,
    source_table text not null,
    currency text,
    value numeric(24, 6),
    item_id text,
    item_name text,
    item_price numeric(24, 6),
    quantity numeric(24, 6),
    items_json jsonb,
    load_id bigint not null,
    session_id text generated always as (user_pseudo_id || '.' || ga_session_id) stored,
    session_key bigint generated always as (
        hashtextextended(user_pseudo_id, ga_session_id)
    ) stored
) partition by range (event_date);

create index add_to_cart_event_date on add_to_cart (tenant_id, event_date, branch_id);
create index add_to_cart_session_key on add_to_cart (tenant_id, session_key);

create table page_view (
    tenant_id uuid not null,
    event_date date not null,
    event_ts timestamptz not null,
    event_name text not null,
    user_pseudo_id text,
    ga_session_id bigint,
    user_id text,
    company_id text,
    branch_id text,
    is_engaged boolean,
    batch_page_id bigint,
    batch_ordering_id integer,
    batch_event_index integer,
    page_url text,
    source_table text not null,
    page_title text,
    page_referrer text,
    device_category text,
    city text,
    country text,
    traffic_source text,
    traffic_medium text,
    load_id bigint not null,
    session_id text generated always as (user_pseudo_id || '.' || ga_session_id) stored,
    session_key bigint generated always as (
        hashtextextended(user_pseudo_id, ga_session_id)
    ) stored
) partition by range (event_date);

create index page_view_event_date on page_view (tenant_id, event_date, branch_id);
create index page_view_session_key on page_view (tenant_id, session_key);

create table view_item (
    tenant_id uuid not null,
    event_date date not null,
    event_ts timestamptz not null,
    event_name text not null,
    user_pseudo_id text,
    ga_session_id bigint,
    user_id text,
    company_id text,
    branch_id text,
    is_engaged boolean,
    batch_page_id bigint,
    batch_ordering_id integer,
    batch_event_index integer,
    page_url text,
    source_table text not null,
    item_id text,
    item_name text,
    item_category text,
    item_price numeric(24, 6),
    currency text,
    items_json jsonb,
    load_id bigint not null,
    session_id text generated always as (user_pseudo_id || '.' || ga_session_id) stored,
    session_key bigint generated always as (
        hashtextextended(user_pseudo_id, ga_session_id)
    ) stored
) partition by range (event_date);

create index view_item_event_date on view_item (tenant_id, event_date, branch_id);
create index view_item_session_key on view_item (tenant_id, session_key);

create table view_search_results (
    tenant_id uuid not null,
    event_date date not null,
    event_ts timestamptz not null,
    event_name text not null,
    user_pseudo_id text,
    ga_session_id bigint,
    user_id text,
    company_id text,
    branch_id text,
    is_engaged boolean,
    batch_page_id bigint,
    batch_ordering_id integer,
    batch_event_index integer,
    page_url text,
    source_table text not null,
    search_term text,
    term text,
    load_id bigint not null,
    session_id text generated always as (user_pseudo_id || '.' || ga_session_id) stored,
    session_key bigint generated always as (
        hashtextextended(user_pseudo_id, ga_session_id)
    ) stored
) partition by range (event_date);

create index view_search_results_event_date on view_search_results (tenant_id, event_date, branch_id);
create index view_search_results_session_key on view_search_results (tenant_id, session_key);

create table no_search_results (
    tenant_id uuid not null,
    event_date date not null,
    event_ts timestamptz not null,
    event_name text not null,
    user_pseudo_id text,
    ga_session_id bigint,
    user_id text,
    company_id text,
    branch_id text,
    is_engaged boolean,
    batch_page_id bigint,
    batch_ordering_id integer,
    batch_event_index integer,
    page_url text,
    source_table text not null,
    search_term text,
    term text,
    load_id bigint not null,
    session_id text generated always as (user_pseudo_id || '.' || ga_session_id) stored,
    session_key bigint generated always as (
        hashtextextended(user_pseudo_id, ga_session_id)
    ) stored
) partition by range (event_date);

create index no_search_results_event_date on no_search_results (tenant_id, event_date, branch_id);
create index no_search_results_session_key on no_search_results (tenant_id, session_key);

-- One order per key at any distance in time.
create index purchase_order_key on purchase (tenant_id, order_key);

-- The customer file: contacts ("users" in the specification) and branches ("locations").
create table users (
    tenant_id uuid not null,
    user_id text not null,
    name text,
    email text,
    phone text,
    buying_company_erp_id text,
    buying_company_name text,
    branch_id text,
    account_owner text,
    constraint users_pkey primary key (tenant_id, user_id)
);
create index users_company on users (tenant_id, buying_company_erp_id);

create table locations (
    tenant_id uuid not null,
    location_id text not null,
    name text not null,
    city text,
    region text,
    email text,
    phone text,
    is_active boolean not null default true,
    constraint locations_pkey primary key (tenant_id, location_id)
);
