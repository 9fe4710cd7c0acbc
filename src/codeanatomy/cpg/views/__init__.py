"""Views in SQL: rows made out of evidence tables. One file each; collected from this folder."""
