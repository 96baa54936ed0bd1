"""A real single-node Kubernetes for tests and for trying things by hand; see README.md."""

from .lib.testbed import Testbed

__all__ = ["Testbed"]
