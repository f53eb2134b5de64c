"""The observatory of the territory's health: themes made of published figures and texts, and what inhabitants say.

It publishes nothing of its own: each figure and each text is one that its own feature already lets everybody read. What
inhabitants write is read by the coordination alone; outside, it is only counted.
"""
