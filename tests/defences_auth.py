"""The defences of sign-in, tokens and limits, for `make defences`."""

from __future__ import annotations

_LIES = "tests/auth/test_hostile_provider.py::test_a_lie_gets_nobody_in"
_NAMED = "tests/auth/test_named_providers.py"
_HOSTILE = "tests/auth/test_hostile_provider.py"

# Name, file, what is taken out, what stands there instead, the test that notices.
AUTH_DEFENCES = [
    (
        "sign-in: a state works once, also at the same moment",
        "app/auth/sign_in/oidc.py",
        'if not is_first or kept["until"]',
        'if kept["until"]',
        f"{_HOSTILE}::test_a_state_works_once_also_at_the_same_moment",
    ),
    (
        "sign-in: a state ends after a quarter of an hour",
        "app/auth/sign_in/oidc.py",
        'if not is_first or kept["until"] < time.time():',
        "if not is_first:",
        f"{_HOSTILE}::test_a_sign_in_that_took_too_long_starts_again",
    ),
    (
        "sign-in: the nonce is this browser's",
        "app/auth/sign_in/id_token.py",
        '{"nonce": nonce,',
        '{"nonce": "",',
        f"{_LIES}[wrong nonce]",
    ),
    (
        "sign-in: only listed algorithms",
        "app/auth/sign_in/id_token.py",
        'header.get("alg") not in endpoints().algorithms',
        'not header.get("alg")',
        f"{_LIES}[HMAC with the public key]",
    ),
    (
        "sign-in: the issuer is checked",
        "app/auth/sign_in/id_token.py",
        '"iss": {"essential": True, "value": issuer}',
        '"iss": {"essential": True}',
        f"{_LIES}[wrong issuer]",
    ),
    (
        "sign-in: another provider's code goes nowhere",
        "app/auth/sign_in/oidc.py",
        'if not is_silent and not issuers.is_answer_of(doors.issuer, issuer or ""):',
        "if not doors.issuer:",
        f"{_HOSTILE}::test_a_code_that_another_provider_gave_is_not_shown_to_ours",
    ),
    (
        "sign-in: the answer is this tenant's",
        "app/auth/sign_in/oidc.py",
        'if issuer is not None and issuer != claims["iss"]:',
        "if not claims:",
        f"{_NAMED}::test_an_address_beside_the_code_must_be_of_the_token_s_tenant",
    ),
    (
        "sign-in: userinfo is about the same person",
        "app/auth/sign_in/claims.py",
        'if userinfo.get("sub") != claims.get("sub"):',
        "if not userinfo:",
        f"{_LIES}[userinfo of somebody else]",
    ),
    (
        "sign-in: an explicit no is a no",
        "app/auth/sign_in/claims.py",
        "if verdict is False:",
        "if verdict == 0 and trust == 0:",
        f"{_LIES}[unverified address]",
    ),
    (
        "sign-in: silence is no yes",
        "app/auth/sign_in/claims.py",
        'if verdict is None and trust != "provider":',
        "if verdict == 0 and trust == 0:",
        f"{_NAMED}::test_nobody_gets_in_when[entra says nothing]",
    ),
    (
        "sign-in: a source vouches for its own address alone",
        "app/auth/sign_in/claims.py",
        "if len({fold_address(address) for address in addresses}) > 1:",
        "if not sources:",
        f"{_NAMED}::test_nobody_gets_in_when[okta vouches for another address]",
    ),
    (
        "sign-in: a shared issuer is never trusted with addresses",
        "app/auth/sign_in/oidc.py",
        '"claim" if issuers.is_shared(endpoints().issuer) else provider().email_trust',
        "provider().email_trust",
        f"{_NAMED}::test_nobody_gets_in_when[entra for many tenants is never trusted]",
    ),
    (
        "sign-in: the key signs for this tenant",
        "app/auth/sign_in/id_token.py",
        'if issuers.may_sign(key.get("issuer"), decoded.claims):',
        "if decoded:",
        f"{_NAMED}::test_a_key_of_another_tenant_signs_nothing",
    ),
    (
        "sign-in: a cut answer is the provider's fault",
        "app/auth/sign_in/provider.py",
        "except (RequestException, HTTPError, OSError,",
        "except (RequestException, OSError,",
        f"{_NAMED}::test_half_an_answer_is_the_provider_s_fault",
    ),
    (
        "sign-in: our secret follows no redirect",
        "app/auth/sign_in/provider.py",
        "allow_redirects=False",
        "allow_redirects=True",
        f"{_LIES}[token endpoint leads away]",
    ),
    (
        "sign-in: no endless answer",
        "app/auth/sign_in/provider.py",
        "if size > LARGEST_ANSWER:",
        "if size < 0:",
        f"{_LIES}[endless answer]",
    ),
    (
        "sign-in: a flood of key names is no flood of questions",
        "app/auth/sign_in/id_token.py",
        "return known.refetched_at is None or",
        "return True or",
        "tests/auth/test_signing_keys.py::test_a_new_key_is_looked_for_once_a_minute",
    ),
    (
        "session: what ended does not come back",
        "app/auth/sign_in/session_store.py",
        "xx=is_known",
        "xx=False",
        "tests/auth/test_sessions.py"
        "::test_a_request_that_ends_after_the_sign_out_does_not_bring_it_back",
    ),
    (
        "session: a new id with a new authority",
        "app/auth/gate.py",
        "    if known is not None:\n        store.renew_id(session)\n",
        "",
        "tests/auth/test_sessions.py::test_a_change_of_authority_gives_the_session_a_new_id",
    ),
    (
        "session: forms of the other company are stale",
        "app/auth/gate.py",
        'session.pop("csrf_token", None)',
        "pass",
        "tests/auth/test_sessions.py"
        "::test_switching_the_tenant_gives_a_new_id_and_makes_old_forms_stale",
    ),
    (
        "session: it ends when nobody asks",
        "app/auth/sign_in/session_store.py",
        "self.client.getex(store_id, ex=self._idle_s)",
        "self.client.get(store_id)",
        "tests/auth/test_sessions.py::test_a_sign_in_ends_when_nobody_asks_for_two_hours",
    ),
    (
        "token: one question for many requests",
        "app/auth/tokens/provider_answers.py",
        "    if not is_mine:\n        return _wait(token, key)\n",
        "",
        "tests/auth/test_bearer.py::test_many_requests_with_one_unknown_token_ask_once",
    ),
    (
        "token: few wait for the provider",
        "app/auth/sign_in/provider.py",
        "threading.BoundedSemaphore(ROOM)",
        "threading.BoundedSemaphore(400)",
        "tests/auth/test_bearer.py::test_few_wait_for_the_provider_at_any_moment",
    ),
    (
        "token: made for another application",
        "app/auth/tokens/provider_checks.py",
        "return is_ours and (is_named or not named)",
        "return is_ours",
        "tests/auth/test_bearer.py::test_what_introspection_says_is_believed_only_if_it_is_for_us",
    ),
    (
        "API token: within its scopes",
        "app/auth/gate.py",
        "if scopes is not None and needed is not None and needed not in scopes:",
        "if scopes is None and needed is None:",
        "tests/auth/test_api_tokens.py::test_a_token_does_what_it_was_made_for",
    ),
    (
        "API token: within its tenant",
        "app/auth/tokens/api_tokens.py",
        "[m for m in memberships if m.tenant.tenant_id == found.tenant_id]",
        "memberships",
        "tests/auth/test_api_tokens.py::test_a_token_works_in_its_own_tenant_alone",
    ),
    (
        "API token: somebody else's is not ended",
        "app/auth/tokens/api_tokens.py",
        "        and (:is_admin or created_by = :member_id)\n    returning name",
        "        and (:is_admin or true)\n    returning name",
        "tests/auth/test_token_page.py::test_an_admin_ends_anybody_s_token_and_nobody_else_does",
    ),
    (
        "limit: each tenant has its own",
        "app/http/limits.py",
        '_hit(f"tenant:{membership.tenant.tenant_id}"',
        '_hit("tenant:all"',
        "tests/auth/test_limits.py::test_a_tenant_that_asks_too_much_waits_and_no_other_does",
    ),
]
