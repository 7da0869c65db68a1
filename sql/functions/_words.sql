-- _words: the words of a text in lower case, each after a space, as text search compares them.
--
-- Called by   functions that derive tasks, and those that search them
create or replace function _words(p_text text)
returns text
language sql
immutable
as $$
    select regexp_replace(' ' || lower(coalesce(p_text, '')), '[^[:alnum:]]+', ' ', 'g')
$$;
