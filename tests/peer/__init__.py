"""FIX against an engine that isn't ours, built from source: `make test-fix-peer`, no part of `make test`."""
