"""The tables of the suites, from the rows that `faultpick benchmark` wrote into results/.

Usage: python benchmarks/suite_tables.py [PAGE ...]
"""

import sys
from pathlib import Path

from faultpick.benchmark import read_rows
from faultpick.synth.suites import SUITES
from faultpick.tables import put_tables

PAGES = [Path("README.md"), Path("docs/reference/accuracy.md")]


def main() -> None:
    pages = [Path(each) for each in sys.argv[1:]] or PAGES
    for suite in SUITES:
        path = Path("results", f"{suite}.csv")
        for page in pages:
            if path.exists() and f"<!-- table: {suite}" in page.read_text(encoding="utf-8"):
                put_tables(page, suite, read_rows(path))
                print(f"{page}: {suite}")


if __name__ == "__main__":
    main()
