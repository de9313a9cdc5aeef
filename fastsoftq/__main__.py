"""The command `fastsoftq`, and `python -m fastsoftq`: Ctrl-C and streams are seen to first, then all is imported."""

from typing import NoReturn

from fastsoftq.system.interruption import leave_on_ctrl_c
from fastsoftq.system.streams import mend_streams


def main() -> NoReturn:
    """Run the command, as `cli.main` says."""
    leave_on_ctrl_c()
    mend_streams()
    from fastsoftq.cli.app import main as run

    run()


if __name__ == "__main__":
    main()
