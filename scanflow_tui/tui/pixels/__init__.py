"""Pictures of real pixels on a screen of cells."""
