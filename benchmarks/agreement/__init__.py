"""Whether two runs of the asv suite on one commit agree."""
