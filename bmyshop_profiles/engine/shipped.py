"""Files of the project that stand beside the package in a checkout, and inside it in an installed wheel."""

from pathlib import Path


def shipped(inside: str, beside: str) -> Path:
    """Where a file or directory is: in the package, if it is there, else beside it, whether it is there or not."""
    package = Path(__file__).resolve().parents[1]
    return package / inside if (package / inside).exists() else package.parent / beside
