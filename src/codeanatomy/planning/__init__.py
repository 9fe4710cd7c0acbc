"""From plans to tasks, an order, and a policy that the engine follows."""
