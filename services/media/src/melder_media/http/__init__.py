"""Translates requests: uploads, pictures, and what intake passes on."""
