"""Images of pipelines."""
