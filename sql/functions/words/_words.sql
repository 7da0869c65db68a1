-- _words: the words of a text in lower case, each after a space, for text search.
--
-- Definition  Normalized to NFC unless every letter is one byte. Spaces, punctuation and ASCII
--             signs separate words. Letters, digits, combining marks and symbols of every script
--             belong to words: पानी is one word and not पान, ที่ is one, and so is 🔧. The list
--             names the separators, because the class [:alnum:] leaves marks and symbols out.
-- Called by   functions that derive tasks, and those that search them
create or replace function _words(p_text text)
returns text
language sql
immutable
as $$
    select regexp_replace(
        ' ' || lower(case
            when octet_length(p_text) = length(p_text) then p_text
            else normalize(coalesce(p_text, ''))
        end),
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb'
        '\u00bf\u00d7\u00f7\u060c\u061b\u061f\u06d4\u0964\u0965\u2000-\u200b\u200e-\u206f\u3000-\u3003'
        '\u3008-\u3011\u3014-\u301f\u3030\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+',
        ' ', 'g'
    )
$$;
