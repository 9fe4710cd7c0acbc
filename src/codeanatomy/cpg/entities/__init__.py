"""Things that become nodes. One short declaration each; collected from this folder."""
