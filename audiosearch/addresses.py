"""Tells the hosts of the public internet from those of this machine and its networks."""

import asyncio
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa")
"""Last labels of names that mean something within a network only (RFC 6762, 8375 and habit)."""

# Global by the registries, yet answered by the own network: PCP and TURN anycast and Oracle's
# metadata (192.0.0.0/24), the old 6to4 relays, and the machine below every virtual one of Azure.
_NEAR = [*map(IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32"))]
_GLOBAL_UNICAST = IPv6Network("2000::/3")
# Protocol assignments, Teredo among them; documentation twice; 6to4. Tunnels hide an IPv4 address.
_SPECIAL = [*map(IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20", "2002::/16"))]
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Tell whether an address belongs to the public internet.

    Private, loopback, link-local, shared (100.64.0.0/10), multicast, reserved and unspecified
    addresses do not. IPv4 addresses mapped to IPv6 and those behind NAT64 count as what they lead
    to; other tunnels (6to4, Teredo) are refused.

    Parameters
    ----------
    address : IPv4Address or IPv6Address
        Where a name leads.

    Examples
    --------
    >>> is_public(ip_address("9.9.9.9")), is_public(ip_address("::ffff:10.0.0.1"))
    (True, False)
    """
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        if inner is None:
            is_special = any(address in network for network in _SPECIAL)
            return address in _GLOBAL_UNICAST and not is_special
        address = inner
    is_near = any(address in network for network in _NEAR)
    return address.is_global and not address.is_multicast and not is_near


async def resolve(host: str) -> list[Address]:
    """Find the addresses of a host.

    Parameters
    ----------
    host : str
        A name or an address, an IPv6 address without its brackets.

    Returns
    -------
    list of IPv4Address or IPv6Address
        Empty where the name has none, and for local names, which are not even looked up: the
        question itself would tell a network's other machines.
    """
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    labels = f".{host.lower().rstrip('.')}"
    if labels.count(".") < 2 or labels.endswith(tuple(f".{name}" for name in LOCAL_NAMES)):
        return []
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # UnicodeError: a label that is empty or too long
        return []
    return [ip_address(sockaddr[0]) for *_, sockaddr in found]


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped
