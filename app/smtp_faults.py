"""What goes wrong with a mail server, in plain words with the fix; never what the server said."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import Upstream


@contextmanager
def plain_faults(place: str, sender: str) -> Iterator[None]:
    """Translate faults of smtplib, TLS and the socket. `place` names the server in a sentence.

    Raises:
        Upstream: permanent where only other settings help.
    """
    try:
        yield
    except ssl.SSLError as error:
        raise _bad_encryption(place, error) from error
    except smtplib.SMTPAuthenticationError as error:
        raise _refusal(
            f"Sign-in at {place} was refused ({error.smtp_code}). Check the user name and the "
            "password; many providers want an app password.",
            error.smtp_code,
        ) from error
    except smtplib.SMTPSenderRefused as error:
        raise _refusal(
            f"{place} does not accept mail from {sender} ({error.smtp_code}). "
            "Enter an address that this user may send from.",
            error.smtp_code,
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        raise _refusal(
            f"{place} offers no STARTTLS or no sign-in here. Try TLS on port 465, or port 587."
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Upstream(
            f"The conversation with {place} broke off or stood still. Check host, port and "
            "encryption: port 465 is for TLS, port 587 for STARTTLS.",
            kind="transient",
            detail=type(error).__name__,
        ) from error


def _bad_encryption(place: str, error: ssl.SSLError) -> Upstream:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _refusal(
            f"The certificate of {place} is not valid: {error.verify_message}. Enter the host "
            "name that stands in its certificate, or have its operator renew it."
        )
    return _refusal(f"{place} did not encrypt. Port 465 is for TLS, port 587 for STARTTLS.")


def _refusal(text: str, code: int = 500) -> Upstream:
    """A fault that the settings mend. A code below 500 means not now, and they are right."""
    if code < 500:
        return Upstream(f"The mail server is not ready for mail ({code}).", kind="transient")
    return Upstream(f"{text[0].upper()}{text[1:]}", permanent=True, kind="permanent")
