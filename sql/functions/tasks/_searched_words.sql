-- _searched_words: the condition that a word asked for begins a word of a task; %s is its place.
--
-- Definition  What a member cannot see finds nothing. p_searched: all; row: all of customers in $14,
--             of others what the row shows and its own contact; shown: what a viewer sees, no
--             contact.
-- Called by   sql/functions/tasks/_task_source.sql
create or replace function _searched_words(p_searched text)
returns text
language sql
immutable
as $$
    select case p_searched
        when 'all' then 'strpos(t.words, '' '' || ($8)[%1$s]) > 0'
        when 'row' then '(
            strpos(t.shown_words || t.contact_words, '' '' || ($8)[%1$s]) > 0
            or (t.customer_key = any($14) and strpos(t.words, '' '' || ($8)[%1$s]) > 0)
        )'
        when 'shown' then 'strpos(t.shown_words, '' '' || ($8)[%1$s]) > 0'
    end
$$;
