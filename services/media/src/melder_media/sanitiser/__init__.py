"""Makes foreign pictures harmless, each in a process of its own.

``client`` (in the service) hands a file to ``__main__`` (a small process that is started on demand
and leaves when idle), which forks for every picture: limits first, then ``picture`` decodes and
re-encodes, and the process ends. A file that breaks a decoder meets neither the service's memory
nor the next picture.
"""
