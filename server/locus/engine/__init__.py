"""What a run does: plan, schedule, execute one task, verify, publish; and how it is remembered and taken up again."""
