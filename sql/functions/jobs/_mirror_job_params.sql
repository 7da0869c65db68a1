-- _mirror_job_params: trigger that copies the params shown in job lists to their own columns.
--
-- Called by   the trigger below
create or replace function _mirror_job_params()
returns trigger
language plpgsql
as $$
begin
    new.start_date := (new.params ->> 'start_date')::date;
    new.end_date := (new.params ->> 'end_date')::date;
    new.changed_only := coalesce((new.params ->> 'changed_only')::boolean, false);
    new.data_types := array(
        select jsonb_array_elements_text(coalesce(new.params -> 'data_types', '[]'))
    );
    return new;
end;
$$;
create or replace trigger mirror_job_params
before insert on processing_jobs
for each row when (new.params <> '{}') execute function _mirror_job_params();
