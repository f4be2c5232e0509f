"""What readers and their mail servers do with a message: open, click, answer, unsubscribe, bounce."""
