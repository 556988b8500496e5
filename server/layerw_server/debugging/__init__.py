"""The development server's part of debugging: the Debug Adapter Protocol between an editor and the open pages.

Python itself stands in the page (layerw/debugging); this folder keeps what an editor wants, over every start of a page.
"""
