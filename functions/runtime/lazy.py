"""Attributes that are made when first asked for."""

from collections.abc import Callable
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar, cast, overload

T = TypeVar("T")


class Lockable(Protocol):
    lock: Any  # a re-entrant lock


class once(Generic[T]):  # noqa: N801 - reads as a decorator
    """functools.cached_property with a lock: threads that come at once share one client (3.12 dropped the lock)."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._name = make.__name__

    @overload
    def __get__(self, app: None, owner: type) -> "once[T]": ...
    @overload
    def __get__(self, app: Lockable, owner: type) -> T: ...
    def __get__(self, app: Lockable | None, owner: type) -> "once[T] | T":
        if app is None:
            return self
        with app.lock:
            if self._name not in app.__dict__:
                app.__dict__[self._name] = self._make(app)
        found: T = app.__dict__[self._name]
        return found


def later(make: Callable[[], T]) -> T:
    """Stands for an object that others are given at the start and seldom use: it is made when first used."""
    return cast(T, _Later(make))


class _Later:
    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: Any = None
        self._lock = Lock()

    def __getattr__(self, name: str) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._make()
        return getattr(self._made, name)
