"""Labels as text and back: CSV, JSON lines, Label Studio's tasks, COCO-style classification.

Pure: bytes and values in, text and values out. No file, no clock, no session.
"""
