-- How often a row stands in its export: equal rows are one event, stored once.
alter table purchase add column copies integer not null default 1;
alter table add_to_cart add column copies integer not null default 1;
alter table page_view add column copies integer not null default 1;
alter table view_item add column copies integer not null default 1;
alter table view_search_results add column copies integer not null default 1;
alter table no_search_results add column copies integer not null default 1;

-- The rows that data quality counts: which event, and what is odd about it.
create table odd_row (
    tenant_id uuid not null,
    event_date date not null,
    branch_id text not null,
    kind text not null,
    event_type text not null,
    event_name text not null,
    event_ts timestamptz not null,
    session_id text,
    transaction_id text,
    amount numeric(24, 6),
    currency text,
    items_json jsonb,
    constraint odd_row_kind_check check (
        kind in (
            'repeated_row', 'negative_refund', 'negative_revenue', 'negative_quantity',
            'negative_price', 'unnamed_item'
        )
    )
);
create index odd_row_event_date on odd_row (tenant_id, event_date, branch_id, kind);

-- By which version of _note_odd_rows a loaded day was looked through; null is none.
alter table day_load add column odd_rows_version integer;

-- Their answers have another column now.
drop function if exists _orders_by_customer(uuid, date, date);
drop function if exists _credited_orders(uuid, timestamptz, timestamptz, integer);
drop function if exists get_freshness(uuid);
