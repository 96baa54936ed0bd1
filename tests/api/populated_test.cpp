// The other direction: whatever the C++ types can say, the CRD has a place for. Structured bindings list every member,
// so that a member that is added to a type stops this file from compiling until it has a value here.
#include "crd.hpp"
#include "kinds.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::api;

namespace {

const WallTime kNoon{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 12h};

Meta populated_meta() {
  Meta meta;
  auto& [name, ns, uid, version, generation, labels, annotations, finalizers, created, deleted] = meta;
  name = "main";
  ns = "kafka";
  uid = "7f1d";
  version = "42";
  generation = 3;
  labels = {{"team", "payments"}};
  annotations = {{"penstock.dev/paused", "true"}};
  finalizers = {std::string(kFinalizer)};
  created = kNoon;
  deleted = kNoon + 1h;
  return meta;
}

Conditions populated_conditions() {
  Conditions conditions;
  conditions.set("Ready", ConditionStatus::kTrue, "AsAsked", "all is well", 3, kNoon);
  conditions.set("Stalled", ConditionStatus::kFalse, "Progressing", "", 3, kNoon);
  return conditions;
}

EventPlatform populated_platform(bool managed) {
  EventPlatform platform;
  auto& [meta, spec, status] = platform;
  meta = populated_meta();
  auto& [kafka, external, accounts, rules] = spec;
  if (managed) {
    auto& [version, image, pools, listeners, config, terms, authorization] = kafka.emplace();
    auto& [validity, renew_before] = terms;
    validity = 90 * 24h;
    renew_before = 12h;
    version = "4.3.1";
    image = "registry.example/kafka:4.3.1";
    auto& [name, roles, replicas, start, storage, resources, heap] = pools.emplace_back();
    name = "nodes";
    roles = {Role::kController, Role::kBroker};
    replicas = 3;
    start = 10;
    auto& [size, storage_class, reclaim] = storage;
    size = "10Gi";
    storage_class = "fast";
    reclaim = Reclaim::kDelete;
    resources = {{"limits", {{"memory", "1Gi"}}}};
    heap = "512Mi";
    auto& [listener_name, port, tls, authentication] = listeners.emplace_back();
    listener_name = "plain";
    port = 9092;
    tls = true;
    authentication = "SCRAM-SHA-512";
    auto& [super_users] = authorization.emplace();
    super_users = {"User:admin"};
    auto& [account, login, every, overlap] = accounts.emplace_back();
    account = "orders-svc";
    login = "SCRAM-SHA-512";
    every = 90 * 24h;
    overlap = 30min;
    config = {{"log.retention.hours", "168"}};
  } else {
    auto& [servers, tls, sasl] = external.emplace();
    servers = {"b-1.example:9094"};
    auto& [ca, client] = tls.emplace();
    auto& [ca_name, ca_key] = ca.emplace();
    ca_name = "ca";
    ca_key = "ca.crt";
    client = "client";
    auto& [mechanism, secret] = sasl.emplace();
    mechanism = "PLAIN";
    secret = "user";
  }
  auto& [selector, topics, groups] = rules.emplace_back();
  selector = {{"matchLabels", {{"team", "payments"}}}};
  topics = groups = {"payments."};
  auto& [generation, conditions, cluster, version, servers, nodes, brokers, capabilities, directories, certificates,
         account_records, plan] = status;
  generation = 3;
  conditions = populated_conditions();
  cluster = "4L6g3nShT-eMCtK--X86sw";
  version = "4.3.1";
  servers = {{"plain", "main-bootstrap.kafka.svc:9092"}};
  auto& [desired, ready, updated] = nodes.emplace();
  desired = ready = updated = 3;
  brokers = 3;
  capabilities = {"acls", "configs"};
  directories = {{"10", "J8aAPcfLQt2bqs1JT_rMgQ"}};
  auto& [held, not_after] = certificates.emplace_back();
  held = "nodes";
  not_after = *parse_time("2027-11-30T00:00:00Z");
  auto& [recorded, user, since] = account_records.emplace_back();
  recorded = "orders-svc";
  user = "orders-svc.b";
  since = kNoon;
  plan = {"wait"};
  return platform;
}

Topic populated_topic() {
  Topic topic;
  auto& [meta, spec, status] = topic;
  meta = populated_meta();
  auto& [platform, name, partitions, replicas, config, deletion, adoption, access] = spec;
  platform = {"main", "kafka"};
  name = "orders.v1";
  partitions = 12;
  replicas = 3;
  config = {{"retention.ms", "1000"}};
  deletion = DeletionPolicy::kDelete;
  adoption = AdoptionPolicy::kRefuse;
  access = {{"User:shop", AccessRole::kProducer, {}, "shop-"},
            {"User:billing", AccessRole::kConsumer, {"billing"}, ""},
            {"User:root", AccessRole::kAdmin, {}, ""}};
  auto& [generation, conditions, id, seen, copies, drift, foreign, acls, keys, plan] = status;
  generation = 3;
  conditions = populated_conditions();
  id = "J8aAPcfLQt2bqs1JT_rMgQ";
  seen = 12;
  copies = 3;
  drift = {{"retention.ms", "1000", "2000"}};
  foreign = {"max.message.bytes"};
  acls = {"Allow User:shop Write on Topic:orders.v1 (Literal) from *"};
  keys = {"retention.ms"};
  plan = {"set retention.ms to 1000"};
  return topic;
}

void populate(ConsumerScalerSpec& spec) {
  auto& [platform, target, group, topics, lag, delay, activation, least, most, cap, consumers, even, tail, reset,
         committed, cooldown, window, startup, behavior, fallback, rebalance, engine, mode] = spec;
  platform = {"main", "kafka"};
  target = {"apps/v1", "StatefulSet", "billing"};
  group = "billing";
  topics = {"orders"};
  lag = 1000;
  delay = 45s;
  activation = 10;
  least = 0;
  most = 50;
  cap = false;
  consumers = 2;
  even = tail = committed = true;
  reset = OffsetReset::kEarliest;
  cooldown = 10min;
  window = 30s;
  startup = 2min;
  behavior = {{"scaleDown", {{"stabilizationWindowSeconds", 60}}}};
  auto& [after, replicas, policy] = fallback.emplace();
  after = 1min;
  replicas = 6;
  policy = FallbackPolicy::kCurrentIfHigher;
  rebalance = false;
  engine = Engine::kKeda;
  mode = Mode::kObserve;
}

ConsumerScaler populated_scaler() {
  ConsumerScaler scaler;
  auto& [meta, spec, status] = scaler;
  meta = populated_meta();
  populate(spec);
  auto& [generation, conditions, lag, delay, arrival, consumption, capacity, partitions, cap, current, desired, active,
         limited, engine, why, group, verdicts, decisions, last_active, plan] = status;
  generation = 3;
  conditions = populated_conditions();
  lag = 12'000;
  delay = Delay{90s, true};
  arrival = 1250;
  consumption = 12.5;
  capacity = 0.25;
  partitions = cap = current = desired = 12;
  active = true;
  limited = "Partitions";
  engine = Engine::kNative;
  why = "KEDA is not installed";
  group = GroupStatus{"classic", "Stable", "range", 12};
  verdicts = {{"OffsetInvalid", "orders", {0, 7}, "the topic was created again"}};
  decisions = {{kNoon, 12'000, 1, 12, "Partitions", "lag 12000 / 1000 = 12"}};
  last_active = kNoon;
  plan = {"apply HorizontalPodAutoscaler billing"};
  return scaler;
}

template <class T, class Parse>
void check(const T& object, Parse parse) {
  Json printed = print(object);
  const auto again = parse(printed);
  REQUIRE_MESSAGE(again.has_value(), again.error().what);
  CHECK(*again == object);
  CHECK(printed.value("status", Json::object()) == print_status(object.status));
  for (const auto* key : {"apiVersion", "kind", "metadata"}) printed.erase(key);
  CHECK(test::violations(test::crd(T::kKind).schema, printed, "") == std::vector<std::string>{});
}

}  // namespace

TEST_CASE("whatever the C++ types say has a place in the schema, and comes back equal") {
  check(populated_platform(true), parse_event_platform);
  check(populated_platform(false), parse_event_platform);
  check(populated_topic(), parse_topic);
  check(populated_scaler(), parse_consumer_scaler);
}

TEST_CASE("an object of nothing but defaults prints nothing that the schema lacks") {
  Topic topic;
  topic.meta.name = "orders";
  topic.spec.platform.name = "main";
  check(Topic(topic), parse_topic);
  ConsumerScaler scaler;
  scaler.meta.name = "billing";
  scaler.spec.platform.name = "main";
  scaler.spec.target = {"apps/v1", "Deployment", "billing"};
  scaler.spec.consumer_group = "billing";
  scaler.spec.lag_threshold = 1;
  check(scaler, parse_consumer_scaler);
}

TEST_CASE("a status that has grown beyond all bounds is cut to what the API server accepts") {
  ConsumerScaler scaler = populated_scaler();
  auto& status = scaler.status;
  status.plan.assign(500, std::string(5000, 'p'));
  status.verdicts.assign(500, {"PartitionStuck", "orders", std::vector<int>(5000, 1), std::string(5000, 'm')});
  status.decisions.assign(500, status.decisions.front());
  status.engine_reason = std::string(5000, 'r');
  status.limited_by = "\xFF\xFE" + std::string(5000, 'l');
  Topic topic = populated_topic();
  topic.status.drift.assign(500, {"key", std::string(9000, 'd'), std::string(9000, 'a')});
  topic.status.foreign_config.assign(500, "key");
  for (const auto& [kind, printed] :
       {std::pair{"ConsumerScaler", print_status(status)}, std::pair{"Topic", print_status(topic.status)}}) {
    const Json& schema = test::crd(kind).schema.at("properties").at("status");
    CHECK(test::violations(schema, printed, "status") == std::vector<std::string>{});
    CHECK_NOTHROW(static_cast<void>(printed.dump()));
  }
  CHECK(print_status(status).at("plan").back() == "… and 401 more");
}
