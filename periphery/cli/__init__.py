"""The desk's commands that talk to a running core, one noun a module; core/cli finds them by name."""
