"""The three definitions on a real API server: what it refuses and in which words, what it fills in, what it explains."""

import copy
import json
import re
import uuid

import pytest
import yaml
from harness import eventually
from harness.cluster import KubectlError
from harness.programs import DEFINITIONS, ROOT

CRDS = sorted(DEFINITIONS.glob("*.yaml"))
PAGES = sorted(page for page in (ROOT / "docs" / "reference").glob("*.md") if "apiVersion: penstock.dev" in page.read_text())
SAMPLES = sorted((ROOT / "docs" / "samples").glob("*.yaml"))


@pytest.fixture(scope="module")
def kubectl(cluster):
    cluster.kubectl("apply", "-f", str(DEFINITIONS))
    return cluster.kubectl


@pytest.fixture(scope="module")
def namespace(kubectl):
    name = f"crds-{uuid.uuid4().hex[:8]}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


def refused(kubectl, verb, namespace, obj):
    """What the API server says against the object."""
    with pytest.raises(KubectlError) as caught:
        kubectl(verb, "--dry-run=server", "-n", namespace, "-f", "-", stdin=json.dumps(obj))
    return str(caught.value)


def replace(kubectl, namespace, obj, *arguments):
    """`kubectl replace`, again when an operator wrote the object's status between its reading and its writing."""
    def attempt():
        try:
            return kubectl("replace", *arguments, "-n", namespace, "-f", "-", stdin=json.dumps(obj))
        except KubectlError as error:
            return None if "the object has been modified" in str(error) else error

    answer = eventually("replaced", attempt, lambda answer: answer is not None)
    if isinstance(answer, KubectlError):
        raise answer
    return answer


def managed():
    """Nothing is made of it where an operator runs."""
    return {
        "apiVersion": "penstock.dev/v1alpha1", "kind": "EventPlatform",
        "metadata": {"name": "main", "annotations": {"penstock.dev/plan-only": "true"}},
        "spec": {"kafka": {
            "version": "4.3.1",
            "nodePools": [{"name": "nodes", "roles": ["controller", "broker"], "replicas": 3, "nodeIdStart": 0,
                           "storage": {"size": "10Gi"}}],
            "listeners": [{"name": "plain", "port": 9092, "tls": False, "authentication": {"type": "None"}}]}}}


def external():
    return {"apiVersion": "penstock.dev/v1alpha1", "kind": "EventPlatform", "metadata": {"name": "shop"},
            "spec": {"external": {"bootstrapServers": ["b-1.example:9094"]}}}


def topic():
    return {"apiVersion": "penstock.dev/v1alpha1", "kind": "Topic", "metadata": {"name": "orders"},
            "spec": {"platformRef": {"name": "main"}, "partitions": 12,
                     "access": [{"principal": "User:billing", "role": "Consumer", "groups": ["billing"]}]}}


def scaler():
    return {"apiVersion": "penstock.dev/v1alpha1", "kind": "ConsumerScaler", "metadata": {"name": "billing"},
            "spec": {"platformRef": {"name": "main"}, "scaleTargetRef": {"name": "billing"},
                     "consumerGroup": "billing", "lagThreshold": 1000}}


REMOVED = object()


def changed(base, changes):
    """A copy of base with values set by paths such as spec.kafka.nodePools.0.replicas."""
    out = copy.deepcopy(base)
    for path, value in changes.items():
        at = out
        *parents, last = path.split("/")
        for step in parents:
            at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
        if value is REMOVED:
            del at[last]
        elif isinstance(at, list):
            key = int(last)
            at[key:key + 1] = [value]
        else:
            at[last] = value
    return out


POOL = {"name": "more", "roles": ["broker"], "replicas": 3, "nodeIdStart": 100, "storage": {"size": "1Gi"}}
LISTENER = {"name": "other", "port": 9093, "tls": False, "authentication": {"type": "None"}}
ACCOUNT = {"name": "shop", "authentication": {"type": "SCRAM-SHA-512"}}
K = "spec/kafka/"
S = "spec/"

REFUSED = [
    # EventPlatform
    (managed, {"spec/external": {"bootstrapServers": ["a:1"]}}, "must have exactly one of `kafka` and `external`"),
    (managed, {"spec/kafka": REMOVED}, "must have exactly one of `kafka` and `external`"),
    (managed, {"metadata/name": "a" * 31}, "`metadata.name` must have at most 30 characters"),
    (managed, {K + "version": "latest"}, "`version` must be a full version such as 4.3.1"),
    (managed, {K + "version": REMOVED}, "spec.kafka.version: Required value"),
    (managed, {K + "nodePools/0/replicas": 2}, "`nodePools` must have 1, 3 or 5 controllers in total"),
    (managed, {K + "nodePools/0/roles": ["controller"]}, "at least one pool with the role broker"),
    (managed, {K + "nodePools/0/roles": ["broker"]}, "`nodePools` must have 1, 3 or 5 controllers in total"),
    (managed, {K + "nodePools/0/roles": ["boss"]}, 'supported values: "controller", "broker"'),
    (managed, {K + "nodePools/1": {**POOL, "nodeIdStart": 2}}, "`nodePools` must not overlap in node ids"),
    (managed, {K + "nodePools/1": {**POOL, "name": "nodes"}}, "Duplicate value"),
    (managed, {K + "nodePools": [{**POOL, "name": f"p{i}", "nodeIdStart": 100 * i} for i in range(9)]},
     "must have at most 8 items"),
    (managed, {K + "nodePools/0/nodeIdStart": -1}, "should be greater than or equal to 0"),
    (managed, {K + "nodePools/0/storage/size": "big"}, "`size` must be a positive quantity such as 100Gi"),
    (managed, {K + "nodePools/0/storage/size": "0"}, "`size` must be a positive quantity such as 100Gi"),
    (managed, {K + "nodePools/0/heap": "-1Gi"}, "`heap` must be a positive quantity such as 1Gi"),
    (managed, {K + "nodePools/0/resources": {"limits": {"memory": "lots"}}}, "resources.limits.memory"),
    (managed, {K + "listeners/0/port": 9090}, "`port` must not be 9089, 9090 or 9091"),
    (managed, {K + "listeners/0/port": 80}, "should be greater than or equal to 1024"),
    (managed, {K + "certificates": {"validity": "367d"}}, "`validity` must be hours or days, at most 366d"),
    (managed, {K + "certificates": {"validity": "30m"}}, "`validity` must be hours or days, at most 366d"),
    (managed, {K + "certificates": {"renewBefore": "0d"}}, "`renewBefore` must be hours or days"),
    (managed, {K + "certificates": {"validity": "30d", "renewBefore": "720h"}}, "`renewBefore` must be less than `validity`"),
    (managed, {K + "listeners/0/authentication": {"type": "Basic"}}, "Unsupported value: \"Basic\""),
    (managed, {K + "listeners/0": {**LISTENER, "authentication": {"type": "mTLS"}}}, "`tls` must be true with the authentication mTLS"),
    (managed, {K + "authorization": {"type": "Simple", "superUsers": ["admin"]}}, "authorization.superUsers[0]"),
    (managed, {S + "accounts": [ACCOUNT]}, "`accounts` must log in as one of the `listeners` asks for"),
    (external, {S + "accounts": [ACCOUNT]}, "`accounts` must only be set beside `kafka`"),
    (managed, {S + "accounts": [{**ACCOUNT, "name": "shop.b"}]}, "`name` must not end in .b"),
    (managed, {S + "accounts": [{**ACCOUNT, "rotation": {"every": "1d"}}]}, "`overlap` must be less than `every`"),
    (managed, {S + "accounts": [{**ACCOUNT, "name": "shop-tls"}]}, "`name` must not end in -tls"),
    (managed, {S + "accounts": [{**ACCOUNT, "name": "a..c"}]}, "accounts[0].name"),
    (managed, {S + "accounts": [{**ACCOUNT, "rotation": {"overlap": "soon"}}]}, "`overlap` must be minutes, hours or days"),
    (managed, {S + "accounts": [{**ACCOUNT, "rotation": {"every": "400d"}}]}, "`every` must be minutes, hours or days, at most 366d"),
    (managed, {K + "listeners/0/name": "internal"}, "`name` must not be controller, internal or probe"),
    (managed, {K + "listeners/1": {**LISTENER, "port": 9092}}, "`listeners` must not use a `port` twice"),
    (managed, {K + "listeners/1": {**LISTENER, "name": "plain"}}, "Duplicate value"),
    (managed, {K + "listeners": []}, "should have at least 1 items"),
    (managed, {K + "config": {"listeners": "PLAIN://:1"}}, "`config` must not set listeners, security"),
    (managed, {K + "config": {"sasl.enabled.mechanisms": "x"}}, "`config` must not set listeners, security"),
    (managed, {K + "config": {"config.providers": "file"}}, "`config` must not set listeners, security"),
    (managed, {K + "config": {"a": True}}, "integer,string"),
    (external, {S + "external/bootstrapServers": ["kafka"]}, "`bootstrapServers` must be host:port"),
    (external, {S + "external/bootstrapServers": ["a:1,b:2"]}, "`bootstrapServers` must be host:port"),
    (external, {S + "external/bootstrapServers": []}, "should have at least 1 items"),
    (external, {S + "external/sasl": {"mechanism": "PLAIN", "secretRef": {"name": "s"}}},
     "`tls` must be set with the mechanism PLAIN"),
    (external, {S + "external/sasl": {"mechanism": "GSSAPI", "secretRef": {"name": "s"}}}, "SCRAM-SHA-512"),
    (external, {S + "external/tls": {"caSecretRef": {"name": "../x"}}}, "caSecretRef.name"),
    (external, {S + "allowedNamespaces": [{}]}, "allowedNamespaces[0].selector: Required value"),
    (external, {S + "allowedNamespaces": [{"selector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}]},
     "`values` must be given for In and NotIn"),
    # Topic
    (topic, {"spec/platformRef": REMOVED}, "spec.platformRef: Required value"),
    (topic, {"spec/partitions": 0}, "should be greater than or equal to 1"),
    (topic, {"spec/partitions": "many"}, "must be of type integer"),
    (topic, {"spec/topicName": "a b"}, "`topicName` must be a Kafka topic name"),
    (topic, {"spec/topicName": ".."}, "`topicName` must be a Kafka topic name"),
    (topic, {"spec/topicName": "__consumer_offsets"}, "`topicName` must not begin with two underscores"),
    (topic, {"metadata/name": "a" * 250}, "`topicName` must be set when `metadata.name` is longer"),
    (topic, {"spec/access/0/principal": "User:*"}, "`principal` must not be User:*"),
    (topic, {"spec/access/0/principal": "billing"}, "`principal` must read User:<name>"),
    (topic, {"spec/access/0/role": "Owner"}, 'supported values: "Producer", "Consumer", "Admin"'),
    (topic, {"spec/access/0/groups": ["*"]}, "`groups` must not contain *"),
    (topic, {"spec/access/0/role": "Producer"}, "`groups` must only be set for the role Consumer"),
    (topic, {"spec/access/0/transactionalIdPrefix": "x"}, "must only be set for the role Producer"),
    (topic, {"spec/access/1": {"principal": "User:billing", "role": "Consumer"}}, "Duplicate value"),
    (topic, {"spec/config": {"a": 1.5}}, "integer,string"),
    (topic, {"spec/config": {"k" * 256: "v"}}, "`config` must have keys of 1 to 255 characters"),
    (topic, {"spec/deletionPolicy": "Keep"}, 'supported values: "Retain", "Delete"'),
    # ConsumerScaler
    (scaler, {"metadata/name": "a" * 64}, "`metadata.name` must have at most 63 characters"),
    (scaler, {"spec/lagThreshold": 0}, "should be greater than or equal to 1"),
    (scaler, {"spec/lagThreshold": REMOVED}, "`lagThreshold` or `delayThreshold` must be set"),
    (scaler, {"spec/delayThreshold": "4s"}, "at least 5s"),
    (scaler, {"spec/startup": "0s"}, "`startup` must be a positive duration"),
    (scaler, {"spec/consumerGroup": ""}, "spec.consumerGroup"),
    (scaler, {"spec/minReplicas": 5, "spec/maxReplicas": 4}, "`minReplicas` must not be above `maxReplicas`"),
    (scaler, {"spec/cooldown": "soon"}, "`cooldown` must be a positive duration such as 30s, 5m, 2h or 7d"),
    (scaler, {"spec/cooldown": "0s"}, "`cooldown` must be a positive duration"),
    (scaler, {"spec/cooldown": "-5m"}, "`cooldown` must be a positive duration"),
    (scaler, {"spec/window": "1.5h"}, "`window` must be a positive duration"),
    (scaler, {"spec/fallback": {"after": "x", "replicas": 1}}, "`after` must be a positive duration"),
    (scaler, {"spec/fallback": {"after": "3m"}}, "spec.fallback.replicas: Required value"),
    (scaler, {"spec/topics": ["a", "a"]}, "Duplicate value"),
    (scaler, {"spec/topics": ["a/b"]}, "`topics` must be a Kafka topic name"),
    (scaler, {"spec/engine": "Manual"}, 'supported values: "Auto", "Native", "Keda", "Direct"'),
    (scaler, {"spec/consumersPerReplica": 65}, "should be less than or equal to 64"),
    (scaler, {"spec/behavior": {"scaleDown": {"stabilizationWindowSeconds": 3601}}}, "less than or equal to 3600"),
    (scaler, {"spec/behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 1}]}}}, "periodSeconds: Required"),
]


@pytest.mark.parametrize("base, changes, words", REFUSED,
                         ids=[f"{i}-{w[:40]}" for i, (_, _, w) in enumerate(REFUSED)])
def test_a_bad_object_is_refused_in_words(kubectl, namespace, base, changes, words):
    said = refused(kubectl, "create", namespace, changed(base(), changes))
    assert words in said
    assert "Internal error" not in said


FROZEN = [
    (managed, {}, {"spec/kafka": REMOVED, "spec/external": {"bootstrapServers": ["a:1"]}}, "must stay what it is"),
    (managed, {}, {K + "nodePools/0/nodeIdStart": 5}, "`nodeIdStart` must not change"),
    (managed, {K + "nodePools/1": POOL}, {K + "nodePools/1/roles": ["broker", "controller"]}, "`roles` must not change"),
    (managed, {}, {K + "nodePools/0/storage/storageClassName": "fast"}, "`storageClassName` must not change"),
    (managed, {}, {K + "nodePools/0/storage/size": "9Gi"}, "`size` must not shrink"),
    (managed, {}, {K + "nodePools/0/replicas": 1}, "`replicas` must not shrink"),
    (managed, {}, {K + "nodePools/0/replicas": 5}, "`nodePools` must keep the number of controllers"),
    (managed, {}, {K + "nodePools/0/name": "others"}, "`nodePools` must not lose a pool"),
    (topic, {}, {"spec/partitions": 6}, "`partitions` must not shrink: Kafka cannot remove partitions"),
    (topic, {}, {"spec/topicName": "other"}, "`topicName` must not change"),
    (topic, {"spec/topicName": "other"}, {"spec/topicName": REMOVED}, "`topicName` must not change"),
    (topic, {}, {"spec/platformRef/name": "other"}, "`platformRef` must not change"),
    (topic, {}, {"spec/platformRef/namespace": "other"}, "`platformRef` must not change"),
]


@pytest.mark.parametrize("base, before, changes, words", FROZEN,
                         ids=[f"{i}-{w[:40]}" for i, (*_, w) in enumerate(FROZEN)])
def test_what_cannot_change_is_said_so(kubectl, namespace, base, before, changes, words):
    first = changed(base(), {**before, "metadata/name": f"frozen-{uuid.uuid4().hex[:8]}"})
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(first))
    with pytest.raises(KubectlError) as caught:
        replace(kubectl, namespace, changed(first, changes), "--dry-run=server")
    assert words in str(caught.value)


GROWN = [
    (managed, {K + "nodePools/0/storage/size": "1Ti", K + "nodePools/1": POOL}),
    (managed, {K + "config": {"log.retention.hours": 24, "auto.create.topics.enable": "false"}}),
    (topic, {"spec/partitions": 24, "spec/topicName": "SAME"}),
    (topic, {"spec/config": {"retention.ms": 1, "cleanup.policy": "compact"}}),
    (scaler, {"spec/lagThreshold": 5, "spec/platformRef/name": "other", "spec/cooldown": "1h30m"}),
]


@pytest.mark.parametrize("base, changes", GROWN)
def test_what_may_change_can(kubectl, namespace, base, changes):
    first = changed(base(), {"metadata/name": f"grown-{uuid.uuid4().hex[:8]}"})
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(first))
    changes = {path: first["metadata"]["name"] if value == "SAME" else value for path, value in changes.items()}
    replace(kubectl, namespace, changed(first, changes))


def test_a_large_but_allowed_platform_is_within_the_cost_budget(kubectl, namespace):
    pools = [{**POOL, "name": f"p{i}", "nodeIdStart": 100 * i} for i in range(7)]
    first = changed(managed(), {"metadata/name": "large", K + "nodePools/0/nodeIdStart": 900,
                                K + "config": {f"some.key.{i}": "v" * 4096 for i in range(100)}})
    first["spec"]["kafka"]["nodePools"] += pools
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(first))
    replace(kubectl, namespace, first)
    wide = changed(topic(), {"metadata/name": "wide"})
    wide["spec"]["access"] = [{"principal": f"User:{'u' * 500}{i}", "role": "Consumer",
                               "groups": [f"{'g' * 200}{j}" for j in range(16)]} for i in range(32)]
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(wide))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_accepted(kubectl, namespace, path):
    kubectl("apply", "--dry-run=server", "-n", namespace, "-f", str(path))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_what_the_reference_shows_is_accepted(kubectl, namespace, path):
    shown = re.findall(r"^```yaml\n(.*?)^```", path.read_text(), re.DOTALL | re.MULTILINE)
    assert shown
    for text in shown:
        kubectl("apply", "--dry-run=server", "-n", namespace, "-f", "-", stdin=text)


def test_what_is_not_said_is_filled_in(kubectl, namespace):
    def stored(obj):
        return json.loads(kubectl("create", "--dry-run=server", "-o", "json", "-n", namespace, "-f", "-",
                                  stdin=json.dumps(obj)))["spec"]

    spec = stored(scaler())
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "billing"}
    assert {key: spec[key] for key in ("minReplicas", "capToPartitions", "cooldown", "window", "engine", "mode",
                                       "hold", "isolation", "offsetReset", "activationLagThreshold")} == {
        "minReplicas": 1, "capToPartitions": True, "cooldown": "5m", "window": "1m", "engine": "Auto",
        "mode": "Scale", "hold": {"duringRebalance": True}, "isolation": "read_uncommitted",
        "offsetReset": "latest", "activationLagThreshold": 0}
    assert "maxReplicas" not in spec and "fallback" not in spec
    fallback = stored(changed(scaler(), {"spec/fallback": {"replicas": 2}}))["fallback"]
    assert fallback == {"after": "3m", "replicas": 2, "policy": "Static"}
    assert stored(topic())["deletionPolicy"] == "Retain"
    assert stored(changed(topic(), {"spec/partitions": REMOVED}))["partitions"] == 1
    assert stored(managed())["kafka"]["nodePools"][0]["storage"] == {"size": "10Gi", "reclaim": "Retain"}
    tls = stored(changed(external(), {S + "external/tls": {"caSecretRef": {"name": "ca"}}}))["external"]["tls"]
    assert tls == {"caSecretRef": {"name": "ca", "key": "ca.crt"}}
    assert stored(changed(external(), {S + "external/tls": {}}))["external"]["tls"] == {}


def test_the_status_is_a_subresource_of_its_own(kubectl, namespace):
    name = f"status-{uuid.uuid4().hex[:8]}"
    obj = changed(topic(), {"metadata/name": name})
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps({**obj, "status": {"partitions": 3}}))
    stored = json.loads(kubectl("get", "ptopic", name, "-n", namespace, "-o", "json"))
    assert "partitions" not in stored.get("status", {})
    stored = json.loads(kubectl("patch", "ptopic", name, "-n", namespace, "--subresource=status", "--type=merge", "-o", "json",
                                "-p", json.dumps({"status": {"partitions": 12}})))
    assert stored["status"]["partitions"] == 12
    assert stored["metadata"]["generation"] == 1


def test_short_names_category_and_columns(kubectl, namespace):
    kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(changed(scaler(), {"metadata/name": "columns"})))
    header = kubectl("get", "cscaler", "-n", namespace).splitlines()[0].split()
    assert header == ["NAME", "GROUP", "LAG", "DELAY", "REPLICAS", "DESIRED", "CAP", "LIMITED-BY", "READY", "AGE"]
    assert "consumerscaler.penstock.dev/columns" in kubectl("get", "penstock", "-n", namespace, "-o", "name")
    for short in ("eplat", "ptopic"):
        kubectl("get", short, "-n", namespace)


def objects(schema, path=()):
    """Every place that has fields, as kubectl explain spells it, with them."""
    if "properties" in schema:
        yield path, schema["properties"]
    for name, node in schema.get("properties", {}).items():
        yield from objects(node, (*path, name))
    if "items" in schema:
        yield from objects(schema["items"], path)


@pytest.mark.parametrize("path", CRDS, ids=lambda path: path.stem)
def test_kubectl_explains_every_field(kubectl, path):
    crd = yaml.safe_load(path.read_text())
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    plural = f"{crd['spec']['names']['plural']}.penstock.dev"
    seen = 0
    for steps, properties in objects(schema):
        place = ".".join((plural, *steps))
        # The page of an object shows a sentence under each of its fields.
        shown = re.sub(r"\s+", " ", kubectl("explain", place))
        for name, node in properties.items():
            sentence = re.sub(r"\s+", " ", node["description"].strip())
            assert re.search(rf" {name} <[^>]+>.{{0,400}}?{re.escape(sentence)}", shown), f"{place}.{name}"
            seen += 1
    assert seen > 30
