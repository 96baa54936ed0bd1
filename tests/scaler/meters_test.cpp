#include "scaler/fakes.hpp"

#include <penstock/base/metrics.hpp>
#include <penstock/scaler/meters.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaler;
using scaler::testing::SampleOf;
using scaler::testing::Stage;
using scaler::testing::subject_of;

namespace {

// A board that takes everything.
struct Open {
  Board board{[](const k8s::ObjectKey&, const std::string&) { return true; }};
  Engine engine;
  SteadyTime now{1h};
  WallTime wall{std::chrono::hours{500'000}};

  void tick(const std::vector<Subject>& subjects, SampleOf&& sample) { tick(subjects, sample); }
  void tick(const std::vector<Subject>& subjects, SampleOf& sample) {
    const auto taken = sample.take();
    board.publish(engine.tick(subjects, &taken, now, wall));
  }
  std::string text(const SeriesLimits& limits = {}) const { return expose(*board.read(), limits); }
};

bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("a scrape has lag, delay and rates of each group and topic, and the decision") {
  Open open;
  const std::vector<Subject> subjects{subject_of("a", {{"topics", {"orders", "returns"}}})};
  const auto sample = [&](std::int64_t end) {
    SampleOf all(open.now);
    all.topic("orders", 2, end).behind("a", 1000).topic("returns", 1, 50).behind("a", 0, "returns");
    return all;
  };
  open.tick(subjects, sample(5000));
  CHECK(open.text().find("penstock_arrival_rate{") == std::string::npos);  // no rate at first sight
  open.now += 10s;
  open.tick(subjects, sample(5100));
  const std::string text = open.text();
  const std::string labels = "{group=\"a\",namespace=\"shop\",scaler=\"a\"";
  CHECK(has(text, "# TYPE penstock_consumer_lag gauge"));
  CHECK(has(text, "penstock_consumer_lag" + labels + ",topic=\"orders\"} 2000"));
  CHECK(has(text, "penstock_consumer_lag" + labels + ",topic=\"returns\"} 0"));
  CHECK(has(text, "penstock_consumer_delay_seconds" + labels + ",topic=\"orders\"} 10"));
  CHECK(has(text, "penstock_arrival_rate" + labels + ",topic=\"orders\"} 20"));
  CHECK(has(text, "penstock_consumption_rate" + labels + ",topic=\"orders\"} 20"));
  CHECK(has(text, "penstock_consumption_rate" + labels + ",topic=\"returns\"} 0"));
  CHECK(has(text, "penstock_desired_replicas" + labels + "} 2"));
  CHECK(has(text, "penstock_cap" + labels + "} 2"));
  CHECK(has(text, "penstock_topics_left_out 0"));
}

TEST_CASE("what is not known has no series, and one topic's trouble does not hide another's") {
  Open open;
  SampleOf all(open.now);
  all.behind("a", 10).behind("a", 20, "returns", 2);
  all.sample.topics.at("returns")->ends[1] = all.sample.fail({Code::kUnavailable, "no leader", Retry::later()});
  open.tick({subject_of("a", {{"topics", {"orders", "returns"}}})}, std::move(all));
  const std::string text = open.text();
  CHECK(has(text, "penstock_consumer_lag{group=\"a\",namespace=\"shop\",scaler=\"a\",topic=\"orders\"} 40"));
  CHECK(text.find("topic=\"returns\"") == std::string::npos);
  CHECK(text.find("penstock_desired_replicas{") == std::string::npos);
}

TEST_CASE("names that a text can't hold as they are are escaped") {
  Open open;
  open.tick({subject_of("a", {{"consumerGroup", "say \"hi\"\\\n"}})}, SampleOf(open.now).behind("say \"hi\"\\\n", 1));
  CHECK(open.text().find(R"({group="say \"hi\"\\\n",namespace="shop")") != std::string::npos);
}

TEST_CASE("beyond the bound whole objects' topics are left out and counted") {
  Open open;
  SampleOf all(open.now);
  all.behind("a", 1).behind("b", 1).behind("b", 1, "returns").behind("c", 1);
  open.tick({subject_of("a"), subject_of("b", {{"topics", {"orders", "returns"}}}), subject_of("c")}, std::move(all));
  const std::string text = open.text({.topics = 2, .partitions = 100});
  CHECK(text.find("penstock_consumer_lag{group=\"a\"") != std::string::npos);
  CHECK(text.find("penstock_consumer_lag{group=\"b\"") == std::string::npos);
  CHECK(text.find("penstock_consumer_lag{group=\"c\"") != std::string::npos);
  CHECK(text.find("penstock_desired_replicas{group=\"b\"") != std::string::npos);
  CHECK(has(text, "penstock_topics_left_out 2"));
}

TEST_CASE("each partition's lag is shown when it is asked for, within a bound of its own") {
  Open open;
  SampleOf all(open.now);
  all.behind("a", 10, "orders", 2).behind("b", 0);
  all.sample.groups.at("a").committed.at("orders")[1] = Reading::of(100'000 - 7);
  all.sample.topics.at("orders")->ends[0] = all.sample.fail({Code::kUnavailable, "no leader", Retry::later()});
  Engine engine({.by_partition = true});
  const auto sample = all.take();
  open.board.publish(engine.tick({subject_of("a"), subject_of("b")}, &sample, open.now, open.wall));
  const std::string text = open.text({.topics = 100, .partitions = 3});
  CHECK(has(text,
            "penstock_consumer_partition_lag{group=\"a\",namespace=\"shop\",scaler=\"a\",partition=\"1\",topic="
            "\"orders\"} 7"));
  CHECK(text.find("partition=\"0\"") == std::string::npos);
  CHECK(text.find("penstock_consumer_partition_lag{group=\"b\"") == std::string::npos);
  CHECK(has(text, "penstock_partitions_left_out 2"));
}

TEST_CASE("partitions have no series unless they are asked for") {
  Open open;
  open.tick({subject_of("a")}, SampleOf(open.now).behind("a", 1));
  CHECK(open.text().find("partition_lag") == std::string::npos);
  CHECK(open.text().find("partition=") == std::string::npos);
}

TEST_CASE("an entry that would say the same again stays, and time goes on for it") {
  Open open;
  const std::vector<Subject> subjects{subject_of("a"), subject_of("b")};
  const auto sample = [&](std::int64_t lag) { return std::move(SampleOf(open.now).behind("a", 0).behind("b", lag)); };
  open.tick(subjects, sample(10));
  open.now += 1s;
  open.tick(subjects, sample(10));  // rates are known now
  const auto before = open.board.read();
  open.now += 1s;
  open.wall += 1s;
  open.tick(subjects, sample(20));
  const auto after = open.board.read();
  CHECK(after->find({"shop", "a"}) == before->find({"shop", "a"}));
  CHECK(after->find({"shop", "a"})->decided() == open.now);
  CHECK(after->find({"shop", "a"})->decided_at() == open.wall);
  CHECK(after->find({"shop", "b"})->lag == 80);
  CHECK(before->find({"shop", "b"})->lag == 40);
}

TEST_CASE("a scrape counts what each platform was asked, over all of its readers, until it is gone") {
  Open open;
  Meters meters(open.board);
  kafka::Traffic first;
  first.apis["ListOffsets"] = {3, 2, 0.25};
  first.errors[Code::kTimeout] = 1;
  first.bytes_in = 1000;
  first.bytes_out = 100;
  first.connects = 1;
  meters.asked("kafka/main", first, {});
  kafka::Traffic more = first;
  more.apis["ListOffsets"] = {5, 4, 0.75};
  more.apis["Metadata"] = {1, 1, 0.5};
  more.errors[Code::kUnavailable] = 2;
  more.bytes_in = 1500;
  more.connect_failures = 1;
  meters.asked("kafka/main", more, first);
  meters.asked("kafka/main", first, {});  // another reader
  const std::string text = metrics::expose();
  CHECK(has(text, "# TYPE penstock_kafka_requests_total counter"));
  CHECK(has(text, "penstock_kafka_requests_total{api=\"ListOffsets\",platform=\"kafka/main\"} 8"));
  CHECK(has(text, "penstock_kafka_requests_total{api=\"Metadata\",platform=\"kafka/main\"} 1"));
  CHECK(has(text, "# TYPE penstock_kafka_request_seconds summary"));
  CHECK(has(text, "penstock_kafka_request_seconds_sum{api=\"ListOffsets\",platform=\"kafka/main\"} 1"));
  CHECK(has(text, "penstock_kafka_request_seconds_count{api=\"ListOffsets\",platform=\"kafka/main\"} 6"));
  CHECK(has(text, "penstock_kafka_request_errors_total{code=\"timeout\",platform=\"kafka/main\"} 2"));
  CHECK(has(text, "penstock_kafka_request_errors_total{code=\"unavailable\",platform=\"kafka/main\"} 2"));
  CHECK(has(text, "penstock_kafka_bytes_total{direction=\"in\",platform=\"kafka/main\"} 2500"));
  CHECK(has(text, "penstock_kafka_bytes_total{direction=\"out\",platform=\"kafka/main\"} 200"));
  CHECK(has(text, "penstock_kafka_connects_total{platform=\"kafka/main\",result=\"failed\"} 1"));
  CHECK(has(text, "penstock_kafka_connects_total{platform=\"kafka/main\",result=\"opened\"} 2"));
  meters.platform_gone("kafka/main");
  CHECK(metrics::expose().find("platform=\"kafka/main\"") == std::string::npos);
}
