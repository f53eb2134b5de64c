"""Run every benchmark, or those named: `python -m benchmarks pages courriels`."""

import importlib
import platform
import sys
from pathlib import Path

HERE = Path(__file__).parent
TOOLS = {"__init__", "__main__", "common", "hello"}


def main(names):
    print(f"{platform.machine()}, Python {platform.python_version()}, {platform.system()} {platform.release()}\n")
    for name in names or sorted(path.stem for path in HERE.glob("*.py") if path.stem not in TOOLS):
        print(f"## {name}")
        importlib.import_module(f"benchmarks.{name}").main()
        print(flush=True)


main(sys.argv[1:])
