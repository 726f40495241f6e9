"""Bytes in, answers out: frames, sessions, status and commands."""
