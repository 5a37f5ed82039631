"""Who may reach a server: this machine alone, or whoever shows the token."""

import ipaddress

from audiosearch.errors import ServerError

TOKEN = "AUDIOSEARCH_TOKEN"
"""Environment variable of a server: what callers must show, where it is set."""


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches a host name or address.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
    (True, False)
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_exposure(host: str, token: str | None) -> None:
    """Refuse to let other machines in without a token.

    Raises
    ------
    ServerError
        If the host is not a loopback one, and there is no token.
    """
    if not token and not is_loopback(host):
        raise ServerError(
            f"received the host {host}, which other machines reach, without a token: set the "
            f"environment variable {TOKEN} to a secret that callers must then send "
            "(Authorization: Bearer …), or listen on 127.0.0.1"
        )
