"""What runs on an operator's machine: the local server and the command line. Never deployed as a function."""
