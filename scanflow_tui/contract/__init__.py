"""What control plane and step processes agree on. Standard library only."""
