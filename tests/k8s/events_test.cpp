#include "k8s/fake_api.hpp"

#include <penstock/k8s/events.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::k8s;
using test::FakeApi;

namespace {

struct Fixture {
  std::shared_ptr<FakeApi> api = std::make_shared<FakeApi>();
  ManualClock clock;
  EventRecorder recorder{Client(api), "topic", "pod-1", clock};
  Json topic{{"apiVersion", "penstock.dev/v1alpha1"},
             {"kind", "Topic"},
             {"metadata", {{"namespace", "shop"}, {"name", "orders"}, {"uid", "u-1"}, {"resourceVersion", "7"}}}};

  void record(const std::string& note = "it failed") { recorder.record(topic, "Warning", "Failed", "Create", note); }
  std::vector<Json> events() const {
    std::vector<Json> out;
    for (const auto& [path, event] : api->objects()) out.push_back(event);
    return out;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an event says who did what to which object") {
  record();
  REQUIRE(events().size() == 1);
  const Json event = events()[0];
  CHECK(api->log()[0].target.starts_with("/apis/events.k8s.io/v1/namespaces/shop/events?"));
  CHECK(event["metadata"]["namespace"] == "shop");
  CHECK(event["metadata"]["name"].get<std::string>().starts_with("orders."));
  CHECK(event["reportingController"] == "penstock.dev/topic");
  CHECK(event["reportingInstance"] == "pod-1");
  CHECK(event["regarding"]["uid"] == "u-1");
  CHECK(event["regarding"]["kind"] == "Topic");
  CHECK(event["type"] == "Warning");
  CHECK(event["reason"] == "Failed");
  CHECK(event["action"] == "Create");
  CHECK(event["note"] == "it failed");
  CHECK(event["eventTime"] == "2026-01-01T00:00:00.000000Z");
  CHECK(!event.contains("series"));
}

TEST_CASE_FIXTURE(Fixture, "the same event again is counted in its series, whatever the object's version") {
  record();
  clock.advance(1s);
  topic["metadata"]["resourceVersion"] = "8";
  record();
  REQUIRE(events().size() == 1);
  CHECK(events()[0]["series"]["count"] == 2);
  CHECK(events()[0]["series"]["lastObservedTime"] == "2026-01-01T00:00:01.000000Z");
}

TEST_CASE_FIXTURE(Fixture, "a long series is written once a minute, and loses no count") {
  for (int i = 0; i < 600; ++i, clock.advance(1s)) record();
  REQUIRE(events().size() == 1);
  CHECK(api->log().size() <= 12);
  CHECK(events()[0]["series"]["count"].get<int>() > 540);
}

TEST_CASE_FIXTURE(Fixture, "another note, or the same after a quiet time, is a new event") {
  record();
  record("it failed otherwise");
  CHECK(events().size() == 2);
  clock.advance(6min);
  record();
  CHECK(events().size() == 3);
}

TEST_CASE_FIXTURE(Fixture, "what has no namespace is told about in default") {
  topic["metadata"].erase("namespace");
  record();
  REQUIRE(events().size() == 1);
  CHECK(events()[0]["metadata"]["namespace"] == "default");
}

TEST_CASE_FIXTURE(Fixture, "long names and notes are cut where Kubernetes draws its limits") {
  topic["metadata"]["name"] = std::string(230, 'a') + std::string(20, '-') + "z";
  std::string note;
  while (note.size() < 3000) note += "ä";
  record("x" + note);
  REQUIRE(events().size() == 1);
  const auto name = events()[0]["metadata"]["name"].get<std::string>();
  CHECK(name.size() <= 253);
  CHECK(name.find("-.") == std::string::npos);
  const auto cut = events()[0]["note"].get<std::string>();
  CHECK(cut.size() == 1023);
  CHECK(cut.ends_with("ä"));
}

TEST_CASE_FIXTURE(Fixture, "an event that could not be written is tried anew, and one that expired is made again") {
  bool down = true;
  api->fault = [&](const http::Request&) -> std::optional<FakeApi::Fault> {
    if (down) return FakeApi::Fault{{Code::kUnavailable, "down", Retry::later()}};
    return std::nullopt;
  };
  record();
  CHECK(events().empty());
  down = false;
  record();
  REQUIRE(events().size() == 1);
  CHECK(!events()[0].contains("series"));
  api->erase(api->objects().begin()->first);
  record();
  CHECK(events().empty());
  record();
  CHECK(events().size() == 1);
}
