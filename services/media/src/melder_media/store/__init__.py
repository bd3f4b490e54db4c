"""Remembers: tables, spool, and the S3 store; everything that is a picture is sealed."""
