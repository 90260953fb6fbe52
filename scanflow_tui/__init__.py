"""ScanFlow: supervised debugging of machine-learning models, in a terminal."""

__version__ = "0.1.0"
