"""Run every static check of the house, say each by name, and fail when one does."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOOLS = Path(sys.executable).parent

CHECKS = {
    "format": ("ruff", "format", "--check"),
    "lint": ("ruff", "check"),
    "types": ("mypy",),
    "imports": ("lint-imports", "--no-logo"),
    "security": ("bandit", "--quiet", "--recursive", "--configfile", "pyproject.toml", "spark_apps", "setup", "docs"),
    "secrets": ("detect-secrets-hook", "--baseline", ".secrets.baseline"),
}


def run(name: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run one check over the tree at `root` and give what it said."""
    program, *words = CHECKS[name]
    if name == "secrets":
        listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True)
        words += [file for file in listed.stdout.splitlines() if (root / file).is_file()]
    return subprocess.run([TOOLS / program, *words], cwd=root, capture_output=True, text=True, check=False)


def main() -> None:
    """Run all checks; end with 1 when one fails."""
    failed = []
    for name in CHECKS:
        result = run(name)
        print(f"check: {name:10} {'passed' if result.returncode == 0 else 'FAILED'}", flush=True)
        if result.returncode:
            failed.append(name)
            print(result.stdout + result.stderr)
    if failed:
        sys.exit(f"check: {', '.join(failed)} failed; `ruff format` and `ruff check --fix` mend most of the first two")


if __name__ == "__main__":
    main()
