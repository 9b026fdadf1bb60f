"""(placeholder)"""


def main(a):
    raise SystemExit("not yet")
