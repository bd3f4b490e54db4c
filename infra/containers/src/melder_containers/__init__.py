"""`make compose-check`: images are built, docker-compose.yml is started, a report walks through.

Where an image registry can be reached the images come from there; where not, stand-ins of the same
names are made from Debian's packages and the pinned wheels.
"""
