"""The command `fastsoftq`: the only part that knows typer and rich."""
