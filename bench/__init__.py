"""The bench: one question a file. It lives in a checkout, never in a wheel; `nacre bench` runs it."""
