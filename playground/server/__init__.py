"""Answers what the page asks for: routes (over HTTP), jobs (what is computed), cache (what was computed lately)."""
