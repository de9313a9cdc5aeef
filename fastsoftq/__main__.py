"""The command `fastsoftq`, and `python -m fastsoftq`: Ctrl-C is seen to first, then all else is imported."""

from typing import NoReturn

from fastsoftq.interruption import leave_on_ctrl_c


def main() -> NoReturn:
    """Run the command, as `cli.main` says."""
    leave_on_ctrl_c()
    from fastsoftq.cli import main as run

    run()


if __name__ == "__main__":
    main()
