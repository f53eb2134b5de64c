"""Run every benchmark, or those named, and write their figures in docs/performance.md.

`python -m benchmarks pages courriels` rewrites these two parts alone; with `--print`, nothing is written.
"""

import importlib
import subprocess
import sys
from pathlib import Path

from benchmarks import writing

HERE = Path(__file__).parent
TOOLS = {"__init__", "__main__", "common", "hello", "writing"}


def names() -> list[str]:
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in TOOLS)


def main(arguments: list[str]) -> None:
    options = [each for each in arguments if each == "--print"]
    asked = [each for each in arguments if each != "--print"] or names()
    if len(asked) > 1:  # each in a process of its own: none measures what another left there
        for name in asked:
            subprocess.run([sys.executable, "-m", "benchmarks", name, *options], check=True)
        return
    run(asked[0], write=not options)


def run(name: str, *, write: bool) -> None:
    blocks = [writing.machine()]
    print(f"## {name}\n\n{blocks[0]}\n", flush=True)
    for block in importlib.import_module(f"benchmarks.{name}").main():
        blocks.append(str(block))
        print(f"{block}\n", flush=True)
    if write:
        writing.write(name, blocks)


if __name__ == "__main__":
    main(sys.argv[1:])
