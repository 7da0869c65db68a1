-- What a form was sent with, so that sending it again takes no second step and writes no second
-- note. Null: a step that no form asked for, or one from before.
alter table task_history add column nonce uuid;
alter table customer_note add column nonce uuid;
alter table customer_note add constraint customer_note_nonce_key unique (
    tenant_id, created_by, nonce
);
