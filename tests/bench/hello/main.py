"""The least that a function can be: what the framework costs by itself."""

import functions_framework
from flask import Request


@functions_framework.http
def hello(request: Request) -> str:
    request.get_data()
    return "hello"
