"""The rig that stops processes: at every boundary, in every story, and looks whether the promises hold."""
