"""What is measured, and how; `docs/` has the results."""
