-- What a planning of mail is for, one schedule a kind, links that unsubscribe for a year.

-- Nobody has written email_schedule yet: one a kind of mail needs no name and no choice of branches.
alter table email_schedule
drop constraint email_schedule_name_key,
drop constraint email_schedule_name_length,
drop column name,
drop column location_ids,
add constraint email_schedule_kind_key unique (tenant_id, kind);
create index email_schedule_due on email_schedule (due_at) where due_at is not null;

-- `test`: the report of `recipient`, sent to whoever asked. `link`: a fresh link to the message
-- `renews_message_id`, sent to `recipient` again.
alter table email_sending_jobs
add column kind text not null default 'report',
add column recipient text,
add column renews_message_id uuid,
add constraint email_sending_jobs_kind check (kind in ('report', 'digest', 'test', 'link')),
add constraint email_sending_jobs_recipient check (
    (kind in ('test', 'link')) = (recipient is not null)
),
add constraint email_sending_jobs_renews check (
    (kind = 'link') = (renews_message_id is not null)
),
add constraint email_sending_jobs_renewed foreign key (tenant_id, renews_message_id)
references email_send_history on delete cascade;

-- A reader may want out of a report as long as it lies in the inbox.
alter table email_link
drop constraint email_link_lifetime,
add constraint email_link_lifetime check (
    expires_at > created_at and expires_at <= created_at + case
        when purpose = 'report' then interval '14 days' else interval '366 days'
    end
);

create index email_send_history_recipient
on email_send_history (tenant_id, recipient, created_at desc);
create index email_sending_jobs_renews
on email_sending_jobs (tenant_id, renews_message_id) where renews_message_id is not null;
