"""The best mean of reward and entropy a step in end components, on which the critical reward scale rests."""
