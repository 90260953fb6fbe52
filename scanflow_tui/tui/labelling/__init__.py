"""An annotator at work."""
