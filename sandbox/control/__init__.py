"""What tests and demonstrations steer: faults, the ledger, persons."""
