"""What the end-to-end tests are written with: a cluster, Penstock's two programs, Kafka clients, and waiting."""

from .cluster import Cluster, ExistingCluster, TestbedCluster
from . import objects
from .kafka import ExistingKafka, KafkaClient
from .penstock import InstalledPenstock, Penstock
from .wait import eventually, never

__all__ = ["Cluster", "ExistingCluster", "ExistingKafka", "InstalledPenstock", "KafkaClient", "Penstock", "TestbedCluster",
           "eventually", "never", "objects"]
