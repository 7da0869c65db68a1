-- Why a file was held back, each reason with its numbers. Older rows have their row counts alone.
alter table held_file add column reasons text[] not null default '{}';
