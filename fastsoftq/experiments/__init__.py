"""The document's experiments, one a file: what is run, what is drawn, what is said."""
