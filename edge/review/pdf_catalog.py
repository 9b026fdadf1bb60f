"""What matplotlib's PDF lacks for a document that is filed: its language, and its title in the window.

Promises: the same bytes for the same bytes; an incremental update (ISO 32000-1, 7.5.6), so what was there stays as it
was. Refuses (ValueError) what does not look like a PDF of matplotlib's, rather than to guess.
"""

import re
from typing import Final

_TRAILER: Final = re.compile(
    rb"trailer\n<< (?=[^>]*/Size (?P<size>\d+))(?=[^>]*/Root (?P<root>\d+) 0 R)(?P<rest>[^>]*?)>>\n"
    rb"startxref\n(?P<start>\d+)\n%%EOF\n$"
)


def with_language(pdf: bytes, language: str) -> bytes:
    """The document with /Lang (a tag such as de) and the order to show its title."""
    trailer = _TRAILER.search(pdf)
    if trailer is None:
        raise ValueError("no trailer as matplotlib writes it")
    number = trailer["root"]
    catalog = re.search(rb"\n" + number + rb" 0 obj\n<<(?P<body>.*?)>>\nendobj\n", pdf, re.DOTALL)
    if catalog is None:
        raise ValueError("no catalog as matplotlib writes it")
    more = b" /Lang (" + language.encode("ascii") + b") /ViewerPreferences << /DisplayDocTitle true >> "
    body = number + b" 0 obj\n<<" + catalog["body"] + more + b">>\nendobj\n"
    table = b"xref\n" + number + b" 1\n" + b"%010d 00000 n \n" % len(pdf)
    end = b"trailer\n<< " + trailer["rest"].strip() + b" /Prev " + trailer["start"] + b" >>\n"
    return pdf + body + table + end + b"startxref\n%d\n%%%%EOF\n" % (len(pdf) + len(body))
