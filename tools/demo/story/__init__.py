"""The demo cluster's story: an opening state told as a history, and the loader that plays it."""
