-- _nothing_words: the texts that mean a missing value, in lower case: the built-in list and the
-- tenant's own.
--
-- Definition  Exports and files write a missing value in many ways. Compare with _is_nothing, after
--             trimming and in lower case. If the tenant's customer or branch file has such a word
--             in its key column, it is an id there; callers exclude those.
-- Tenant      p_tenant_id, and row-level security behind it.
-- Called by   app/words_for_nothing.py, sql/functions/load/_replace_events.sql
create or replace function _nothing_words(p_tenant_id uuid)
returns text[]
language sql
stable
as $$
    select array[
        '', '(not set)', '(none)', 'none', 'null', '(null)', 'nil', 'undefined', 'nan', 'n/a',
        '#n/a', '-', '--', '\n', 'false', 'true', '[object object]', 'unknown', 'anonymous',
        'guest', '0', '-1'
    ] || coalesce(
        (select c.nothing_words from tenant_config as c where c.tenant_id = p_tenant_id), '{}'
    )
$$;
