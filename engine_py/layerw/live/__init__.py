"""A saved file becomes the running program, without a start: what of it can change in place, and what needs a restart.

Stages: units.py (what a source consists of), purity.py (what may be evaluated again), changes.py (old source against
new: a list of steps, or why a restart is needed), code.py (new code into functions that exist), patch.py (does the
steps), reload.py (files in, an outcome out). What a restart keeps is `app.keep`'s (saves/kept.py). Used by development
servers' pages only.
"""
