"""What is drawn: learning curves, grid worlds, their colours and labels."""
