-- A tenant's own words for "no value", beside the built-in list (_nothing_words), in lower case.
alter table tenant_config add column nothing_words text[] not null default '{}';
