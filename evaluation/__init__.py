"""The expert review: rules that anyone can replay, and the tables they are kept in."""
