-- _searched_words: SQL condition that a search word begins a word of a task; %s is the word's
-- parameter.
--
-- Definition  Members cannot find what they cannot see. p_searched: all; row: everything for
--             customers in $14, for others the text shown in the row and its own contact; shown:
--             what a viewer sees, no contact.
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
