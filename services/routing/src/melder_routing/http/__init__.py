"""How routing is asked: the decision as JSON, the desk as pages."""
