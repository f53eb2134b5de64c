"""Introductions (« mises en relation ») of nurses in advanced practice to those who look for one or host a student.

The coordination proposes; each side answers by a link, without login; neither learns who the other is, nor how to
reach them, before both have agreed. And the list handed to training bodies: those who agreed to it, and nobody else.
"""
