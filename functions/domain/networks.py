"""Whose network an address is in, as far as published ranges tell without asking anybody.

A range says who runs the machine, not who sits behind it: only the networks of mail filters settle anything by
themselves. `verdicts` says what is made of each name.
"""

from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# Mail filters. No mailbox is read from these.
_FILTERS = {
    # Endpoint sets 9 and 10, https://learn.microsoft.com/microsoft-365/enterprise/urls-and-ip-address-ranges; 40.94/16
    # is where Safe Links looks at links from: https://github.com/opencollective/opencollective/issues/3656
    "microsoft-filter": (
        "40.92.0.0/15 40.94.0.0/16 40.107.0.0/16 52.100.0.0/14 52.238.78.88/32 104.47.0.0/17 2a01:111:f400::/48 "
        "2a01:111:f403::/48"
    ),
    # https://campus.barracuda.com: "Email Gateway Defense IP Ranges Used for Configuration", and its older ranges
    "barracuda": (
        "64.235.144.0/20 209.222.80.0/21 3.24.133.128/25 15.222.16.128/25 35.157.190.224/27 18.185.115.192/26 "
        "18.184.203.224/27 13.200.136.128/25 35.176.92.96/27 18.133.136.96/27 18.133.136.128/26"
    ),
    # https://proofpoint.my.site.com/support/PPSup_SupportInfo, and the networks of pphosted.com
    "proofpoint": (
        "62.209.50.0/24 67.231.144.0/20 91.207.212.0/23 91.209.104.0/24 148.163.128.0/19 205.220.160.0/20 "
        "208.84.64.0/22 208.86.200.0/22"
    ),
    # The networks that the mail of its customers comes and goes through: of mimecast.com …
    "mimecast": (
        "63.128.21.0/24 91.220.42.0/24 103.13.69.0/24 146.101.78.0/24 170.10.128.0/21 185.58.84.0/22 195.130.217.0/24 "
        "205.139.110.0/23 207.211.30.0/23"
    ),
    # … of iphmx.com …
    "cisco-filter": "23.90.96.0/20 68.232.128.0/19 184.94.240.0/20 207.54.64.0/19 216.71.128.0/19",
    # … and of messagelabs.com.
    "symantec": "46.226.48.0/21 67.219.240.0/20 85.158.136.0/21 95.131.104.0/21 117.120.16.0/21 195.245.230.0/23",
}
# Those that run mailboxes and clouds at once: people, proxies and scanners all come from here.
_OTHERS = {
    "apple": "17.0.0.0/8 2620:149::/32 2a01:b740::/32",
    # https://www.gstatic.com/ipranges/goog.json, without Google Cloud's customers
    "google": (
        "64.233.160.0/19 66.102.0.0/20 66.249.64.0/19 72.14.192.0/18 74.125.0.0/16 108.177.0.0/17 142.250.0.0/15 "
        "172.217.0.0/16 172.253.0.0/16 173.194.0.0/16 192.178.0.0/15 209.85.128.0/17 216.58.192.0/19 216.239.32.0/19 "
        "2001:4860::/32 2404:6800::/32 2607:f8b0::/32 2800:3f0::/32 2a00:1450::/32"
    ),
    # https://www.gstatic.com/ipranges/cloud.json, joined
    "google-cloud": (
        "34.64.0.0/10 34.128.0.0/10 35.184.0.0/13 35.192.0.0/12 35.208.0.0/12 35.224.0.0/12 35.240.0.0/13 "
        "104.196.0.0/14 130.211.0.0/16"
    ),
    # https://www.microsoft.com/download/details.aspx?id=56519 (Azure), and Exchange Online's own, joined
    "microsoft": (
        "13.64.0.0/11 13.104.0.0/14 20.33.0.0/16 20.34.0.0/15 20.36.0.0/14 20.40.0.0/13 20.48.0.0/12 20.64.0.0/10 "
        "20.128.0.0/16 20.150.0.0/15 20.160.0.0/12 20.184.0.0/13 20.192.0.0/10 23.96.0.0/13 40.64.0.0/10 "
        "40.126.0.0/18 51.104.0.0/15 51.132.0.0/16 51.136.0.0/15 51.140.0.0/14 52.96.0.0/12 52.112.0.0/14 "
        "52.120.0.0/14 52.136.0.0/13 52.145.0.0/16 52.146.0.0/15 52.148.0.0/14 52.152.0.0/13 52.160.0.0/11 "
        "52.224.0.0/11 104.40.0.0/13 104.208.0.0/13 137.116.0.0/15 168.61.0.0/16 168.62.0.0/15 "
        "2603:1000::/24 2a01:111::/32"
    ),
    # https://ip-ranges.amazonaws.com/ip-ranges.json, joined
    "amazon": (
        "3.0.0.0/8 18.128.0.0/9 34.192.0.0/10 35.152.0.0/13 44.192.0.0/10 50.16.0.0/14 52.0.0.0/11 52.32.0.0/11 "
        "52.64.0.0/12 52.84.0.0/14 52.192.0.0/11 54.64.0.0/11 54.144.0.0/12 54.160.0.0/11 54.192.0.0/12 54.208.0.0/12 "
        "54.224.0.0/11 2600:1f00::/24 2a05:d000::/25"
    ),
}
FILTERS = frozenset(_FILTERS)
CLOUDS = frozenset({"google-cloud", "microsoft", "amazon"})


def network(address: str) -> str:
    """The name of the network; `private` on a laptop, `other` where no table has it, empty for what is no address."""
    found = _read(address)
    if found is None:
        return ""
    number, bits = int(found), found.max_prefixlen
    for (size, length), names in _tables():
        if size == bits and (name := names.get(number >> (bits - length))):
            return name
    return "private" if found.is_private or found.is_loopback else "other"


def client_address(forwarded: str, peer: str, proxies: int = 0) -> str:
    """Who asked. The platform's front end writes the address it was called from last into `X-Forwarded-For`: the
    caller's, or that of the last of our `proxies`, each of which wrote the one before. What stands before these the
    caller may have made up. Private addresses are hops inside of the platform."""
    given = [each.strip() for each in forwarded.split(",") if each.strip()]
    public = [each for each in given if (found := _read(each)) and not found.is_private and not found.is_loopback]
    chain = public or given or [peer]
    return chain[max(0, len(chain) - 1 - proxies)]  # a proxy that wrote nothing: the first there is


def _read(address: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(address)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


@cache
def _tables() -> list[tuple[tuple[int, int], dict[int, str]]]:
    """The networks by the bits of an address, the length of their prefix and the prefix: a look for each length, not
    for each network. Filters first: some of their ranges lie within a cloud's."""
    found: list[tuple[tuple[int, int], dict[int, str]]] = []
    for table in (_FILTERS, _OTHERS):
        lengths: dict[tuple[int, int], dict[int, str]] = {}
        for name, ranges in table.items():
            for each in map(ip_network, ranges.split()):
                prefix = int(each.network_address) >> (each.max_prefixlen - each.prefixlen)
                lengths.setdefault((each.max_prefixlen, each.prefixlen), {})[prefix] = name
        found += lengths.items()
    return found
