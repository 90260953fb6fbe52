"""The state machine of a session. Pure: it does no input and no output."""
