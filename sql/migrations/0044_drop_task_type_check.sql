-- Which types of tasks there are is defined by _task_types(). Only derivation writes this table.
alter table task drop constraint task_type_known;
