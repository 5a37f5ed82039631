"""The paths of the HTTP service, a module for each kind."""
