"""The best mean of reward and entropy a step where one can walk on for ever; the critical reward scale rests on it."""
