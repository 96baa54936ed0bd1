#include "k8s/scripted_transport.hpp"

#include <penstock/k8s/informer.hpp>
#include <penstock/k8s/store.hpp>

#include <condition_variable>
#include <mutex>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::k8s;
using test::ScriptedTransport;

namespace {

std::string object(const std::string& name, const std::string& version) {
  return R"({"metadata":{"namespace":"n","name":")" + name + R"(","resourceVersion":")" + version + R"("}})";
}

std::string page(const std::string& items, const std::string& version, const std::string& more = {}) {
  return R"({"metadata":{"resourceVersion":")" + version + R"(","continue":")" + more + R"("},"items":[)" + items +
         "]}";
}

std::string line(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

// A store with an informer, and a way to wait for what it holds.
struct Fixture {
  std::shared_ptr<ScriptedTransport> transport = std::make_shared<ScriptedTransport>();
  Store<std::string> store{[](const Json& found) -> Result<std::string> { return found.dump(); }};
  std::mutex mutex;
  std::condition_variable changed;
  InformerOptions options;
  std::optional<Informer> informer;

  Fixture() {
    options.first_back_off = 1ms;
    options.longest_back_off = 2ms;
  }

  void start() {
    informer.emplace(
        kinds::kConfigMap, ListParams{}, transport,
        [this](const WatchEvent& event) {
          store.on(event);
          std::lock_guard lock(mutex);
          changed.notify_all();
        },
        options);
  }

  template <class Condition>
  bool eventually(Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), condition);
  }

  bool has(const std::string& name) const { return store.get({"n", name}) != nullptr; }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an informer lists its pages, then follows the watch") {
  transport->then(ScriptedTransport::page(page(object("a", "1"), "10", "more")));
  transport->then(ScriptedTransport::page(page(object("b", "2"), "10")));
  const std::string live = line("ADDED", object("c", "11")) + line("DELETED", object("a", "12"));
  // Cut where it hurts: a chunk border says nothing about a line's.
  transport->then(ScriptedTransport::open_stream({live.substr(0, 7), live.substr(7, 90), live.substr(97)}));
  start();
  CHECK(eventually([&] { return store.synced() && has("b") && has("c") && !has("a"); }));
  const auto asked = transport->targets(3);
  CHECK(asked[1] == "GET /api/v1/configmaps?limit=500&continue=more");
  CHECK(asked[2].find("resourceVersion=10&") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a stream that ends is continued from the last version") {
  transport->then(ScriptedTransport::page(page("", "10")));
  transport->then(ScriptedTransport::stream_of({line("ADDED", object("a", "11"))}));
  transport->then(ScriptedTransport::stream_of({line("BOOKMARK", object("", "15")), "\n\r\n"}));
  transport->then(ScriptedTransport::open_stream({}));
  start();
  const auto asked = transport->targets(4);
  CHECK(asked[2].find("resourceVersion=11&") != std::string::npos);
  CHECK(asked[3].find("resourceVersion=15&") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "410 in the stream or as its answer brings a new list") {
  transport->then(ScriptedTransport::page(page(object("a", "1"), "10")));
  transport->then(ScriptedTransport::stream_of(
      {line("ERROR", R"({"code":410,"message":"too old"})"), line("ADDED", object("never", "11"))}));
  transport->then(ScriptedTransport::page(page(object("b", "1"), "20")));
  transport->then(ScriptedTransport::page(R"({"kind":"Status","code":410,"reason":"Expired"})", 410));
  transport->then(ScriptedTransport::page(page(object("c", "1"), "30")));
  transport->then(ScriptedTransport::open_stream({}));
  start();
  CHECK(eventually([&] { return has("c") && !has("b") && !has("a"); }));
  CHECK(!has("never"));
  const auto asked = transport->targets(6);
  CHECK(asked[2] == "GET /api/v1/configmaps?limit=500");
  CHECK(asked[4] == "GET /api/v1/configmaps?limit=500");
  CHECK(asked[5].find("resourceVersion=30&") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "broken lines and failures below HTTP are survived") {
  transport->then(ScriptedTransport::error(Code::kUnavailable));
  transport->then(ScriptedTransport::page("<html>", 200));
  transport->then(ScriptedTransport::page(page("", "10")));
  transport->then(ScriptedTransport::stream_of({"{\"type\":\n"}));
  transport->then(ScriptedTransport::page(page("", "20")));
  transport->then(ScriptedTransport::error(Code::kTimeout));
  transport->then(ScriptedTransport::open_stream({line("ADDED", object("a", "21"))}));
  start();
  CHECK(eventually([&] { return has("a"); }));
  const auto asked = transport->targets(7);
  CHECK(asked[6].find("resourceVersion=20&") != std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "a line without an end is not read into memory for ever") {
  options.longest_line = 1000;
  transport->then(ScriptedTransport::page(page("", "10")));
  transport->then(ScriptedTransport::stream_of(std::vector<std::string>(100, std::string(100, 'x'))));
  transport->then(ScriptedTransport::page(page(object("a", "1"), "20")));
  transport->then(ScriptedTransport::open_stream({}));
  start();
  CHECK(eventually([&] { return has("a"); }));
}

TEST_CASE_FIXTURE(Fixture, "a kind that is not there is asked for until it is") {
  for (int i = 0; i < 5; ++i) transport->then(ScriptedTransport::page("404 page not found\n", 404));
  transport->then(ScriptedTransport::page(page(object("a", "1"), "20")));
  transport->then(ScriptedTransport::open_stream({}));
  start();
  CHECK(eventually([&] { return store.synced() && has("a"); }));
}

TEST_CASE_FIXTURE(Fixture, "a sink that throws loses its object and nothing else") {
  transport->then(ScriptedTransport::page(page(object("bad", "1") + "," + object("good", "2"), "10")));
  transport->then(ScriptedTransport::open_stream({}));
  informer.emplace(
      kinds::kConfigMap, ListParams{}, transport,
      [this](const WatchEvent& event) {
        if (key_of(event.object).name == "bad") throw std::runtime_error("no good");
        store.on(event);
        std::lock_guard lock(mutex);
        changed.notify_all();
      },
      options);
  CHECK(eventually([&] { return store.synced() && has("good"); }));
}

TEST_CASE_FIXTURE(Fixture, "an informer stops at once: in a request, in a silent stream, in a back-off") {
  const auto stop_takes = [&] {
    const auto began = std::chrono::steady_clock::now();
    informer.reset();
    return std::chrono::steady_clock::now() - began;
  };
  options.first_back_off = options.longest_back_off = 1h;
  SUBCASE("in a request") {
    start();
    transport->targets(1);
    CHECK(stop_takes() < std::chrono::seconds(5));
  }
  SUBCASE("in a silent stream") {
    transport->then(ScriptedTransport::page(page("", "10")));
    transport->then(ScriptedTransport::open_stream({}));
    start();
    transport->targets(2);
    CHECK(stop_takes() < std::chrono::seconds(5));
  }
  SUBCASE("in a back-off") {
    transport->then(ScriptedTransport::error(Code::kUnavailable));
    start();
    transport->targets(1);
    CHECK(stop_takes() < std::chrono::seconds(5));
    CHECK(transport->requests().size() == 1);
  }
}
