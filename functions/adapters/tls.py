"""Whose certificates our connections trust."""

import os
import re
import ssl

# A system's directory of CA roots has some 140 of them. One with a few only adds to the file that has them all.
ROOTS = 100
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")  # openssl-rehash(1)


def tls_context() -> ssl.SSLContext:
    """Trusts the system's roots, or those that SSL_CERT_FILE and SSL_CERT_DIR name.

    From the system's directory, where it is hashed: a root is read when a server's chain leads to it. To parse the file
    with all of them takes 26 ms, which is most of what a fresh client costs.
    """
    paths = ssl.get_default_verify_paths()
    chosen = paths.cafile not in (None, paths.openssl_cafile) or paths.capath != paths.openssl_capath
    if chosen or sum(1 for name in os.listdir(paths.openssl_capath) if _HASHED.fullmatch(name)) < ROOTS:
        return ssl.create_default_context()
    return ssl.create_default_context(capath=paths.openssl_capath)
