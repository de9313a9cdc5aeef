"""What is drawn: charts of learning curves, grid worlds, their colours and labels."""
