"""Keys in, frames out."""
