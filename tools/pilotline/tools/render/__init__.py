"""Renderers: a graph in, text out. One module per format."""
