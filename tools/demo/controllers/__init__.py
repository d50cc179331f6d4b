"""The controllers of the demo cluster: each looks at the store and brings it one step closer to what was asked for."""
