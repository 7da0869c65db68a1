-- Tasks: derived rows in `task`, written by loads alone; what people did in `task_work` (where each
-- task stands) and `task_history` (every step, only ever added to). A trigger mirrors the first on
-- the task's row, so that lists read one table.

-- Chains become tasks. A row that is no task (any more) is one that somebody worked on, or one that
-- vanished. The next load of each tenant derives everything anew (`derivation`).
drop table chain;
create table task (
    tenant_id uuid not null,
    task_type text not null,
    subject text not null collate "C",
    first_at timestamptz not null,
    order_key text not null,
    task_id uuid not null,
    last_at timestamptz not null,
    last_date date not null,
    user_pseudo_id text,
    contact_id text,
    company_id text,
    customer_key text not null collate "C",
    customer_name text,
    branch_id text not null,
    owner_branch_id text not null,
    account_owner text,
    closing_order_key text,
    closed_at timestamptz,
    closed_reason text,
    ready_at timestamptz not null,
    expires_at timestamptz not null,
    currency text not null,
    value numeric not null,
    is_value_incomplete boolean not null,
    estimate_sessions integer not null,
    is_task boolean not null,
    is_flagged boolean not null,
    has_checkout boolean not null,
    reach smallint not null,
    is_known_buyer boolean not null,
    terms text[],
    detail jsonb not null,
    words text not null,
    row_hash bigint not null,
    -- Mirrored from task_work; derivation carries them over and never decides them.
    state text not null default 'open',
    outcome text,
    owner text,
    snoozed_until timestamptz,
    version integer not null default 0,
    touched_at timestamptz,
    -- Until when the customer is left alone after a contact; and when the last term was fixed.
    cool_until timestamptz,
    fixed_at timestamptz,
    constraint task_pkey primary key (tenant_id, task_type, subject, first_at, order_key),
    constraint task_id_key unique (tenant_id, task_id),
    constraint task_type_known check (task_type in (
        'purchase', 'cart', 'no_results', 'no_conversion', 'repeat_visit', 'bounce'
    ))
);
create index task_list on task (tenant_id, task_type, last_date, branch_id)
include (
    task_id, customer_key, is_task, ready_at, last_at, closed_at, expires_at, touched_at, state,
    snoozed_until, cool_until, fixed_at, currency, value, estimate_sessions, has_checkout, reach,
    is_known_buyer, owner, owner_branch_id, account_owner
);
create index task_customer on task (tenant_id, customer_key, last_at);
create index task_contact on task (tenant_id, contact_id) where contact_id is not null;
create index task_company on task (tenant_id, company_id) where company_id is not null;
create index task_owner on task (tenant_id, owner) where owner is not null;

-- Where a task stands that somebody touched, or that vanished. The first five columns after the id
-- are the key of the chain it hangs on, first_at to last_at the interval it follows when a load
-- moves that; a work whose chain was joined with another's points to it by merged_into.
create table task_work (
    tenant_id uuid not null,
    task_id uuid not null,
    task_type text not null,
    subject text not null collate "C",
    first_at timestamptz not null,
    order_key text not null,
    last_at timestamptz not null,
    customer_key text not null collate "C",
    merged_into uuid,
    state text not null default 'open',
    outcome text,
    owner text,
    snoozed_until timestamptz,
    no_answers integer not null default 0,
    version integer not null default 1,
    done_at timestamptz,
    touched_at timestamptz,
    touched_by text,
    vanished_at timestamptz,
    snapshot jsonb not null,
    constraint task_work_pkey primary key (tenant_id, task_id),
    constraint task_work_state check (state in ('open', 'in_progress', 'snoozed', 'done')),
    constraint task_work_outcome check (outcome in (
        'won', 'will_order_later', 'no_answer', 'not_interested', 'not_relevant'
    ))
);
create index task_work_subject on task_work (tenant_id, task_type, subject);
create index task_work_merged on task_work (tenant_id, merged_into) where merged_into is not null;

-- Every step of a task, by people and by itself. `before` is what an undo puts back.
create table task_history (
    tenant_id uuid not null,
    history_id uuid not null default gen_random_uuid(),
    task_id uuid not null,
    happened_at timestamptz not null default clock_timestamp(),
    done_by text not null,
    via text not null,
    action text not null,
    from_state text,
    to_state text,
    outcome text,
    reason text,
    note text,
    amount numeric,
    owner text,
    snoozed_until timestamptz,
    version integer not null,
    is_contact boolean not null default false,
    task_type text not null,
    customer_key text not null collate "C",
    undoes uuid,
    before jsonb,
    constraint task_history_pkey primary key (tenant_id, history_id),
    constraint task_history_via check (via in ('page', 'api', 'link', 'job')),
    constraint task_history_action check (action in (
        'call', 'done', 'snooze', 'wake', 'assign', 'note', 'start', 'reopen', 'undo',
        'closed', 'expired', 'vanished', 'returned'
    ))
);
create index task_history_task on task_history (tenant_id, task_id, happened_at);
create index task_history_customer on task_history (tenant_id, customer_key, happened_at);
create index task_history_contact on task_history (tenant_id, happened_at) where is_contact;

-- Until when no new task of that type is shown for the customer of a task, after somebody spoke to
-- them.
create table task_cooldown (
    tenant_id uuid not null,
    history_id uuid not null,
    task_id uuid not null,
    task_type text not null,
    begins_at timestamptz not null,
    ends_at timestamptz not null,
    constraint task_cooldown_pkey primary key (tenant_id, history_id)
);
create index task_cooldown_task on task_cooldown (tenant_id, task_id);

-- Customers who are not to be contacted, until the end of a day or for good, and visitors who are
-- no customers at all. `value` is a contact's or company's id, or an email domain in lower case.
create table do_not_contact (
    tenant_id uuid not null,
    kind text not null,
    value text not null,
    reason text not null,
    ends_on date,
    created_at timestamptz not null default now(),
    created_by text not null,
    constraint do_not_contact_pkey primary key (tenant_id, kind, value),
    constraint do_not_contact_kind check (kind in ('contact', 'company'))
);
create table exclusion (
    tenant_id uuid not null,
    kind text not null,
    value text not null,
    reason text not null,
    created_at timestamptz not null default now(),
    created_by text not null,
    constraint exclusion_pkey primary key (tenant_id, kind, value),
    constraint exclusion_kind check (kind in ('contact', 'company', 'email_domain'))
);

-- What was decided about a search term that finds nothing.
create table search_term (
    tenant_id uuid not null,
    term text not null,
    status text not null,
    redirect_to text,
    note text,
    decided_at timestamptz not null default now(),
    decided_by text not null,
    constraint search_term_pkey primary key (tenant_id, term),
    constraint search_term_status check (status in ('fixed', 'missing', 'redirected'))
);

-- Tenant-wide factors of scores and estimates, fixed once a day of the tenant's zone.
create table task_scale (
    tenant_id uuid not null,
    scale_date date not null,
    value_p90 numeric,
    search_sessions bigint not null,
    search_sessions_with_order bigint not null,
    average_order numeric,
    constraint task_scale_pkey primary key (tenant_id, scale_date)
);

-- With which version of the derivation and which rules a tenant's rows were derived; when either
-- differs the next load derives everything anew.
create table derivation (
    tenant_id uuid not null,
    version integer not null,
    rules jsonb not null,
    constraint derivation_pkey primary key (tenant_id)
);

-- Sessions as evidence: one row of kind 'visit' for those that any rule may ask for.
alter table fact
add column page_views integer,
add column is_bounce boolean,
add column items jsonb;

-- One row of a list of tasks, as the get_…_tasks functions answer it.
create type listed_task as (
    task_id uuid,
    task_type text,
    state text,
    outcome text,
    version integer,
    score double precision,
    value numeric,
    is_estimate boolean,
    currency text,
    is_value_incomplete boolean,
    first_at timestamptz,
    last_at timestamptz,
    ready_at timestamptz,
    expires_at timestamptz,
    closed_at timestamptz,
    closed_reason text,
    snoozed_until timestamptz,
    branch_id text,
    customer_key text,
    customer_name text,
    company_id text,
    contact_id text,
    contact_name text,
    contact_email text,
    contact_phone text,
    owner text,
    is_flagged boolean,
    is_known_buyer boolean,
    has_checkout boolean,
    reach smallint,
    order_key text,
    detail jsonb,
    sort_key text
);
