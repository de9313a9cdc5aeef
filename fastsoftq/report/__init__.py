"""Pages and sentences made from results."""
