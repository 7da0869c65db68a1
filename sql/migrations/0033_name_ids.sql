-- Ids that name nobody, and events that no session holds.
--
-- Event rows hold the named ids in user_id, company_id and branch_id, and in raw_ids the exported
-- text of those where it differs (null for nearly all rows). id_name lists the exported ids of each
-- tenant with their names and the days they were seen on, so that new words for nothing or a new
-- customer file find what to rename without reading the history.
alter table purchase add column raw_ids jsonb;
alter table add_to_cart add column raw_ids jsonb;
alter table page_view add column raw_ids jsonb;
alter table view_item add column raw_ids jsonb;
alter table view_search_results add column raw_ids jsonb;
alter table no_search_results add column raw_ids jsonb;

create table id_name (
    tenant_id uuid not null,
    kind text not null,
    raw_id text not null collate "C",
    named_id text,
    first_date date not null,
    last_date date not null,
    constraint id_name_pkey primary key (tenant_id, kind, raw_id),
    constraint id_name_kind check (kind in ('contact', 'company', 'branch'))
);

-- With which words for nothing a tenant's rows were named; null is none yet.
alter table derivation add column nothing_words text[];

-- Evidence without a session is kept under the id of its day; its device may be unknown.
alter table fact alter column user_pseudo_id drop not null;
alter table fact add column has_session boolean not null default true;
alter table term_visit add column has_session boolean not null default true;

-- Their arguments change; the deploy makes them again from sql/functions/.
drop function if exists _order_key(text, text, text, timestamptz, numeric);
drop function if exists _currency_code(text);

-- Values that warnings of a job name, to be added to the words for nothing.
alter table processing_jobs add column doubtful_words text[] not null default '{}';
