-- The ledger of reports: one message a tenant, schedule, period and recipient, ever; which tasks it
-- told of; when reports start by themselves; links; and whether sending was confirmed.

-- Nobody has written these two tables yet.
drop table email_send_history;
drop table email_sending_jobs;

-- One planning of reports. `schedule_key` is `manual`, or the id of a schedule.
create table email_sending_jobs (
    tenant_id uuid not null,
    job_id uuid not null,
    schedule_key text not null,
    period_start date not null,
    period_end date not null,
    location_ids text[],
    started_by text not null,
    planned_at timestamptz,
    created_at timestamptz not null default now(),
    constraint email_sending_jobs_pkey primary key (tenant_id, job_id),
    constraint email_sending_jobs_tenant foreign key (tenant_id) references tenant,
    constraint email_sending_jobs_key_length check (length(schedule_key) between 1 and 64),
    constraint email_sending_jobs_period check (period_start <= period_end)
);
create index email_sending_jobs_created on email_sending_jobs (tenant_id, created_at desc, job_id);

-- One message, as it was written. `server_answer` is the mail server's last word, `message_header`
-- the Message-ID. `skipped` has its reason and no body.
create table email_send_history (
    tenant_id uuid not null,
    message_id uuid not null default gen_random_uuid(),
    job_id uuid not null,
    schedule_key text not null,
    period_start date not null,
    period_end date not null,
    recipient text not null,
    recipient_name text not null,
    branch_ids text[] not null,
    message_header text not null,
    subject text not null,
    html_body text not null,
    text_body text not null,
    status text not null default 'planned',
    reason text,
    attempts integer not null default 0,
    retry_at timestamptz,
    lease_id uuid,
    leased_until timestamptz,
    server_code integer,
    server_answer text,
    resolved_by text,
    created_at timestamptz not null default now(),
    sent_at timestamptz,
    changed_at timestamptz not null default now(),
    constraint email_send_history_pkey primary key (tenant_id, message_id),
    constraint email_send_history_once unique (
        tenant_id, schedule_key, period_start, period_end, recipient
    ),
    constraint email_send_history_header unique (tenant_id, message_header),
    constraint email_send_history_job foreign key (tenant_id, job_id)
    references email_sending_jobs,
    constraint email_send_history_status check (
        status in ('planned', 'sending', 'sent', 'failed', 'skipped', 'unknown')
    ),
    constraint email_send_history_sent check ((status = 'sent') = (sent_at is not null)),
    constraint email_send_history_lease check (
        (lease_id is null) = (leased_until is null) and (status <> 'sending' or lease_id is not null)
    ),
    constraint email_send_history_attempts check (attempts >= 0),
    constraint email_send_history_recipient check (
        recipient = lower(recipient) and length(recipient) between 3 and 254
        and recipient !~ '[[:cntrl:][:space:]]'
    ),
    constraint email_send_history_one_line check (
        subject !~ '[[:cntrl:]]' and message_header !~ '[[:cntrl:][:space:]]'
    ),
    constraint email_send_history_size check (octet_length(html_body) < 102400)
);
create index email_send_history_created
on email_send_history (tenant_id, created_at desc, message_id);
create index email_send_history_by_job on email_send_history (tenant_id, job_id);
create index email_send_history_open on email_send_history (tenant_id, retry_at)
where status in ('planned', 'sending');

-- What a message told of each task: new to the recipient, still open, closed since.
create table email_told_task (
    tenant_id uuid not null,
    message_id uuid not null,
    task_id uuid not null,
    told_as text not null,
    constraint email_told_task_pkey primary key (tenant_id, message_id, task_id),
    constraint email_told_task_message foreign key (tenant_id, message_id)
    references email_send_history on delete cascade,
    constraint email_told_task_kind check (told_as in ('new', 'open', 'closed'))
);
create index email_told_task_task on email_told_task (tenant_id, task_id);

-- When reports start by themselves. `due_at` null: paused. `latest_time` null: does not wait for
-- yesterday's events; else it waits for them until then, in `time_zone`.
create table email_schedule (
    tenant_id uuid not null,
    schedule_id uuid not null default gen_random_uuid(),
    name text not null,
    kind text not null,
    cron text not null,
    time_zone text not null,
    location_ids text[],
    latest_time time,
    is_paused boolean not null default false,
    due_at timestamptz,
    created_at timestamptz not null default now(),
    constraint email_schedule_pkey primary key (tenant_id, schedule_id),
    constraint email_schedule_tenant foreign key (tenant_id) references tenant,
    constraint email_schedule_name_key unique (tenant_id, name),
    constraint email_schedule_name_length check (length(name) between 1 and 80),
    constraint email_schedule_kind check (kind in ('report', 'digest')),
    constraint email_schedule_paused check (not is_paused or due_at is null)
);

-- One run a schedule and local day, however many schedulers look.
create table email_schedule_run (
    tenant_id uuid not null,
    schedule_id uuid not null,
    run_date date not null,
    due_at timestamptz not null,
    outcome text not null,
    job_id uuid,
    decided_at timestamptz not null default now(),
    constraint email_schedule_run_pkey primary key (tenant_id, schedule_id, run_date),
    constraint email_schedule_run_schedule foreign key (tenant_id, schedule_id)
    references email_schedule on delete cascade,
    constraint email_schedule_run_outcome check (outcome in ('started', 'stale')),
    constraint email_schedule_run_job check ((outcome = 'started') = (job_id is not null))
);

-- Links in messages: the SHA-256 of a random token, good for one purpose, 14 days, until revoked.
create table email_link (
    tenant_id uuid not null,
    token_hash bytea not null,
    message_id uuid not null,
    purpose text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    revoked_by text,
    constraint email_link_pkey primary key (tenant_id, token_hash),
    constraint email_link_message foreign key (tenant_id, message_id)
    references email_send_history on delete cascade,
    constraint email_link_hash_length check (length(token_hash) = 32),
    constraint email_link_purpose check (purpose in ('report', 'unsubscribe')),
    constraint email_link_lifetime check (
        expires_at > created_at and expires_at <= created_at + interval '14 days'
    )
);
create index email_link_by_message on email_link (tenant_id, message_id);

-- What was done through a link; a nonce acts once.
create table email_link_use (
    tenant_id uuid not null,
    token_hash bytea not null,
    nonce_hash bytea not null,
    task_id uuid,
    action text not null,
    used_at timestamptz not null default now(),
    constraint email_link_use_pkey primary key (tenant_id, token_hash, nonce_hash),
    constraint email_link_use_link foreign key (tenant_id, token_hash)
    references email_link on delete cascade,
    constraint email_link_use_nonce_length check (length(nonce_hash) = 32),
    constraint email_link_use_action check (action in ('done', 'snooze', 'unsubscribe', 'renew'))
);

-- In which database an admin let mail out. A restored copy is another one: off until confirmed.
create table email_switch (
    tenant_id uuid not null,
    system_identifier bigint not null,
    database_oid bigint not null,
    confirmed_by text not null,
    confirmed_at timestamptz not null default now(),
    constraint email_switch_pkey primary key (tenant_id),
    constraint email_switch_tenant foreign key (tenant_id) references tenant
);
