"""Run every benchmark, or those named, and write their figures in docs/performance.md.

`python -m benchmarks pages courriels` rewrites these two parts alone; with `--print`, nothing is written.
"""

import importlib
import sys
from pathlib import Path

from benchmarks import writing

HERE = Path(__file__).parent
TOOLS = {"__init__", "__main__", "common", "hello", "writing"}


def names() -> list[str]:
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in TOOLS)


def main(arguments: list[str]) -> None:
    asked = [each for each in arguments if each != "--print"]
    for name in asked or names():
        blocks = [writing.machine()]
        print(f"## {name}\n\n{blocks[0]}\n", flush=True)
        for block in importlib.import_module(f"benchmarks.{name}").main():
            blocks.append(str(block))
            print(f"{block}\n", flush=True)
        if "--print" not in arguments:
            writing.write(name, blocks)


if __name__ == "__main__":
    main(sys.argv[1:])
