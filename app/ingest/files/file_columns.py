"""The columns of the customer and branch files, and the headers that match them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.errors import Invalid
from app.ingest.files.csv_text import Row
from app.ingest.files.sheet import Sheet

_NOT_LETTERS = re.compile(r"[\W_]+")

# The headers of each of our columns, best first, as written by _key().
_USER_HEADERS = {
    "user_id": ("userid", "webuserid", "contactid", "useridentifier", "uid", "id"),
    "name": ("name", "fullname", "contactname", "displayname", "username"),
    "first_name": ("firstname", "givenname"),
    "last_name": ("lastname", "surname", "familyname"),
    "email": ("email", "emailaddress", "useremail", "contactemail", "mail"),
    "phone": (
        "phone",
        "phonenumber",
        "telephone",
        "telephonenumber",
        "tel",
        "mobile",
        "mobilephone",
        "cellphone",
        "officephone",
        "workphone",
    ),
    "buying_company_erp_id": (
        "buyingcompanyerpid",
        "companyerpid",
        "webcustomerid",
        "erpid",
        "companyid",
        "customerid",
        "customernumber",
        "customerno",
        "accountnumber",
        "accountid",
    ),
    "buying_company_name": (
        "buyingcompanyname",
        "buyingcompany",
        "companyname",
        "company",
        "customername",
        "accountname",
        "customer",
    ),
    "branch_id": (
        "branchid",
        "defaultbranchid",
        "defaultbranch",
        "homebranch",
        "branch",
        "branchcode",
        "locationid",
        "warehouseid",
        "location",
        "warehouse",
    ),
    "account_owner": (
        "accountowner",
        "owner",
        "accountmanager",
        "salesrep",
        "salesperson",
        "rep",
    ),
}
_LOCATION_HEADERS = {
    "location_id": (
        "locationid",
        "branchid",
        "warehouseid",
        "locationcode",
        "branchcode",
        "warehousecode",
        "code",
        "id",
        "location",
        "branch",
        "warehouse",
        "number",
    ),
    "name": ("name", "locationname", "branchname", "warehousename", "displayname", "description"),
    "city": ("city", "town"),
    "region": ("region", "state", "province", "stateprovince", "county"),
    "email": ("email", "emailaddress", "branchemail", "locationemail", "mail"),
    "phone": ("phone", "phonenumber", "telephone", "telephonenumber", "tel"),
    "is_active": ("isactive", "active", "enabled", "isenabled", "status"),
}


@dataclass(frozen=True)
class FileColumns:
    """The columns of one type of file, by our names; `required` ones must be present."""

    headers: Mapping[str, Sequence[str]]
    required: tuple[str, ...]

    def match(self, row: Row) -> tuple[bool, int]:
        """How well the row matches as the header."""
        places = self._places([_key(cell or "") for cell in row])
        return all(name in places for name in self.required), len(places)

    def find(self, sheet: Sheet) -> tuple[dict[str, int], tuple[str, ...]]:
        """The position of each of our columns, and warnings about duplicate headers.

        Raises:
            Invalid: a required column is missing.
        """
        keys = [_key(text) for text in sheet.header]
        places = self._places(keys)
        missing = [name for name in self.required if name not in places]
        if missing:
            raise Invalid(self._missing_words(missing, sheet))
        doubled = {sheet.header[places[n]] for n in places if keys.count(keys[places[n]]) > 1}
        warning = "The column “{}” is there twice; the first was read."
        return places, tuple(warning.format(name) for name in sorted(doubled))

    def _places(self, keys: Sequence[str]) -> dict[str, int]:
        """A header belongs to one column only: the first that lists it."""
        places: dict[str, int] = {}
        for name, accepted in self.headers.items():
            found = [keys.index(key) for key in accepted if key in keys]
            free = [place for place in found if place not in places.values()]
            if free:
                places[name] = free[0]
        return places

    def _missing_words(self, missing: Sequence[str], sheet: Sheet) -> str:
        wanted = "; ".join(f"{n} (or {', '.join(self.headers[n][1:6])})" for n in missing)
        found = ", ".join(f"“{text[:40]}”" for text in sheet.header[:20])
        return (
            f"{sheet.place} lacks the column {wanted}. Its header, line {sheet.header_line}, is: "
            f"{found}."
        )


FILES: Mapping[str, FileColumns] = {
    "users": FileColumns(_USER_HEADERS, ("user_id",)),
    "locations": FileColumns(_LOCATION_HEADERS, ("location_id", "name")),
}


def _key(header: str) -> str:
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFKC", header).lower())
