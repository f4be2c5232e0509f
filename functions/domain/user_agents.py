"""What kind of program a User-Agent names. It is what the program says of itself: scanners mostly say something else.

Sources of the strings are in the corpus that the rules are tested with, tests/domain/corpus/hits.json.
"""

import re
from functools import lru_cache
from typing import Literal

Family = Literal[
    "none",  # it says nothing
    "gmail-proxy",
    "gmail-prefetch",
    "yahoo-proxy",
    "apple-privacy",
    "office",  # Outlook and the other programs of Office
    "preview",  # draws a picture of a link in a chat
    "security",  # a mail filter or link scanner that gives its name
    "library",  # a program without a window
    "bot",
    "mail",  # a mail program
    "browser",
    "other",
]

# Gmail fetches the images of a message that comes in while its recipient has Gmail open, with this very string:
# https://www.sparkpost.com/blog/gmail-prefetching-images/
_GMAIL_PREFETCH = "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"

# The first that fits decides.
_PATTERNS: tuple[tuple[Family, str], ...] = (
    ("gmail-proxy", r"GoogleImageProxy|ggpht\.com"),
    ("yahoo-proxy", r"YahooMailProxy"),
    (
        "preview",
        r"Slackbot|Slack-ImgProxy|facebookexternalhit|facebookcatalog|Facebot|WhatsApp/|Twitterbot|LinkedInBot"
        r"|TelegramBot|Discordbot|SkypeUriPreview|TeamsBot|Snap URL Preview|Viber|redditbot|Pinterestbot|vkShare"
        r"|Embedly|Iframely|Mastodon/|Bluesky Cardyb|ZoomWebhook|Google-PageRenderer",
    ),
    (
        "security",
        r"Barracuda|Proofpoint|Mimecast|MessageLabs|IronPort|CiscoSecureEmail|TrendMicro|TMES|Symantec|Forcepoint"
        r"|Websense|Fortinet|FortiGuard|FortiMail|Sophos|Trustwave|MailMarshal|MailControl|Avanan|Check ?Point"
        r"|Hornetsecurity|Vade ?Secure|Cloudmark|NoSpamProxy|SpamExperts|Retarus|F-Secure|WithSecure|Kaspersky"
        r"|Bitdefender|\bESET\b|VirusTotal|urlscan|PhishTank|Google-Safety|Google-Safe|SafeBrowsing|safelinks"
        r"|BingPreview|Dr\.Web|Cyren|Area1|Cloudflare-?(?:Email|Scan)",
    ),
    (
        "library",
        r"^(?:curl|Wget|libwww-perl|Java|Ruby|PHP|Python|Go-http-client|Apache-HttpClient|Jetty|node|axios|got|undici)\b"
        r"|python-requests|python-urllib|python-httpx|aiohttp|Go-http-client|Apache-HttpClient|node-fetch|GuzzleHttp"
        r"|lua-resty-http|HeadlessChrome|PhantomJS|Puppeteer|Playwright|Selenium|Scrapy|PostmanRuntime|WindowsPowerShell"
        r"|HTTrack|Zgrab|masscan",
    ),
    ("bot", r"(?<!cu)bot\b|bot/|crawl|spider|\bscan|scanner|monitor(?:ing)?\b|checker|validator|\+https?://"),
    ("office", r"OneOutlook|Microsoft Outlook|Outlook-iOS|Outlook-Android|Microsoft Office|ms-office|MSOffice"),
    (
        "mail",
        r"Thunderbird|Airmail|Spark/|Superhuman|Evolution/|KMail|Mailbird|eM ?Client|Postbox|MailMate|Newton"
        r"|Polymail|YahooMobile|com\.google\.android\.gm|K-9|FairEmail|BlueMail|dataaccessd|accountsd|\bMail/"
        r"|CFNetwork/|Dalvik/|okhttp/|Lotus-Notes|HCLNotes|Zimbra|ProtonMail|Tutanota|Fastmail"
        # Apple's Mail without the privacy proxy: WebKit, and no browser's name behind it.
        r"|^Mozilla/5\.0 \((?:Macintosh|iPhone|iPad)[^)]*\) AppleWebKit/[\d.]+ \(KHTML, like Gecko\)"
        r"(?: Mobile/\w+)?$",
    ),
    (
        "browser",
        r"^Mozilla/\d\.0 \(.*(?:Gecko|AppleWebKit|Trident|MSIE|KHTML)|^Opera/|^Mozilla/4\.0 \(compatible; MSIE",
    ),
)
_FAMILIES = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _PATTERNS)
_CHROMIUM = re.compile(r"Chrome/(\d+)\.")


@lru_cache(1024)  # most readers have one of a few programs, and each is looked at several times
def family(user_agent: str) -> Family:
    given = user_agent.strip()
    if not given:
        return "none"
    if given == "Mozilla/5.0":  # and nothing more: https://github.com/ua-parser/uap-core/issues/509
        return "apple-privacy"
    if _GMAIL_PREFETCH in given:
        return "gmail-prefetch"
    return next((name for name, pattern in _FAMILIES if pattern.search(given)), "other")


def chromium(user_agent: str) -> int:
    """The major version it says it is; 0 for what is no Chrome, Edge, Opera, …"""
    found = _CHROMIUM.search(user_agent)
    return int(found[1][:4]) if found else 0
