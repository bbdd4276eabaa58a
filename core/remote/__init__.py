"""Engines behind ZeroMQ: pages out, paragraphs back, in batches of the core's own structs."""
