"""The harness that measures the agent."""
