"""Real servers for tests: PostgreSQL, NATS, S3 and SMTP on free ports."""
