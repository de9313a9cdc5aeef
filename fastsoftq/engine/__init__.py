"""From (mdp, agent, seeds) to learning curves: one run at a time, or many in lockstep, with the same bits."""
