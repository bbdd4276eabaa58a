"""Execution analytics (TCA): what executions cost, seen by an observer of the stream of events."""
