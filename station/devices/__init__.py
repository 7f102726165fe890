"""Where pictures come from: ``photo`` (the only decoder of image files) and the cameras.

Cameras hand over encoded files, never arrays: the bytes that were measured are the evidence that is kept.
"""
