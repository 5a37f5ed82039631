"""Where a library's vectors and metadata are kept, behind one interface."""
