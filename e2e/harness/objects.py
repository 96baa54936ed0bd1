"""The resources that the tests apply, in their shortest form."""

from __future__ import annotations

from typing import Any

API = "penstock.dev/v1alpha1"
# HPA may go anywhere at once in both directions, so that a test does not wait for policies and windows.
AT_ONCE = {
    "scaleUp": {"policies": [{"type": "Pods", "value": 1000, "periodSeconds": 1}]},
    "scaleDown": {"stabilizationWindowSeconds": 0, "policies": [{"type": "Percent", "value": 100, "periodSeconds": 1}]},
}


def topic(name: str, partitions: int, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": API, "kind": "Topic", "metadata": {"name": name},
            "spec": {"platformRef": {"name": "main"}, "partitions": partitions, **spec}}


def deployment(name: str, replicas: int | None = 0, image: str = "localhost/none:1") -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {**({} if replicas is None else {"replicas": replicas}), "selector": {"matchLabels": {"app": name}},
                     "template": {"metadata": {"labels": {"app": name}},
                                  "spec": {"containers": [{"name": "main", "image": image}]}}}}


def scaler(name: str, topics: list[str], **spec: Any) -> dict[str, Any]:
    return {"apiVersion": API, "kind": "ConsumerScaler", "metadata": {"name": name},
            "spec": {"platformRef": {"name": "main"}, "scaleTargetRef": {"name": name}, "consumerGroup": name,
                     "topics": topics, "lagThreshold": 100, "minReplicas": 0, "maxReplicas": 50, "cooldown": "10s",
                     "window": "5s", "behavior": AT_ONCE, **spec}}


def scaled_object(name: str, triggers: list[dict[str, Any]], **spec: Any) -> dict[str, Any]:
    """KEDA's, with the bounds and the behavior of `scaler`."""
    return {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": name},
            "spec": {"scaleTargetRef": {"name": name}, "minReplicaCount": 0, "maxReplicaCount": 50, "triggers": triggers,
                     "advanced": {"horizontalPodAutoscalerConfig": {"behavior": AT_ONCE}}, **spec}}


def external_platform(bootstrap: list[str]) -> dict[str, Any]:
    return {"apiVersion": API, "kind": "EventPlatform", "metadata": {"name": "main"},
            "spec": {"external": {"bootstrapServers": bootstrap}}}


def managed_platform(nodes: int, *listeners: dict[str, Any]) -> dict[str, Any]:
    """Combined nodes, as small as Kafka runs in a test; their volumes go with them."""
    pool = {"name": "nodes", "roles": ["controller", "broker"], "replicas": nodes, "nodeIdStart": 0, "heap": "256Mi",
            "storage": {"size": "1Gi", "reclaim": "Delete"},
            "resources": {"requests": {"cpu": "50m", "memory": "400Mi"}, "limits": {"memory": "700Mi"}}}
    return {"apiVersion": API, "kind": "EventPlatform", "metadata": {"name": "main"},
            "spec": {"kafka": {"version": "4.3.1", "nodePools": [pool], "listeners": list(listeners)}}}
