"""What the functions cost, each figure beside one that was measured with it: see docs/performance.md."""
