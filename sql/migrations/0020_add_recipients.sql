-- Recipients of reports: whom the mail server refused for good, and who unsubscribed, get none.
alter table branch_email_mappings add column refused_at timestamptz;
alter table branch_email_mappings add column unsubscribed_at timestamptz;
alter table branch_email_mappings add column updated_at timestamptz not null default now();
alter table branch_email_mappings add constraint branch_email_mappings_email_length
check (length(email) between 3 and 254);
create index branch_email_mappings_email on branch_email_mappings (tenant_id, email);
