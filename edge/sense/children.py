"""What a supervisor must know of its children's stderr.

Promises: nothing is imported here, and nothing that says what went wrong is called noise. Refuses nothing.
"""

import re
from typing import Final

_NOISE: Final = re.compile(
    r"""^(
        [IW]\d{4}\s                          # absl information and warnings of mediapipe's C++ part
      | INFO:\ | WARNING:\ (Read-only\ tensor|Logging\ before|All\ log\ messages)
      | \s*$
    )""",
    re.VERBOSE,
)


def is_noise(line: str) -> bool:
    """Whether a line of stderr is the estimator's small talk; its errors (E, F) and all our sentences are not."""
    return bool(_NOISE.match(line))
