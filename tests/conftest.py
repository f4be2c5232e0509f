import os

from hypothesis import HealthCheck, settings

from tests.full import examples

pytest_plugins = ["tests.emulators"]

# No machine is too slow. In CI the same examples are tried in every run.
settings.register_profile(
    "tests",
    parent=settings.get_profile("ci" if os.environ.get("CI") else "default"),
    deadline=None,
    max_examples=examples(100),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tests")
