#include "k8s/fake_api.hpp"

#include <penstock/k8s/lease.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::k8s;
using test::FakeApi;
using Verdict = LeaseJudge::Verdict;

namespace {

constexpr const char* kPath = "/apis/coordination.k8s.io/v1/namespaces/ops/leases/penstock";

LeaseOptions options_of(const std::string& identity) {
  LeaseOptions options;
  options.lease = {"ops", "penstock"};
  options.identity = identity;
  return options;
}

Json held_by(const std::string& holder, const std::string& renewed, int seconds = 15) {
  return {{"metadata", {{"name", "penstock"}, {"namespace", "ops"}, {"resourceVersion", "1"}}},
          {"spec",
           {{"holderIdentity", holder},
            {"leaseDurationSeconds", seconds},
            {"renewTime", renewed},
            {"leaseTransitions", 4}}}};
}

// Two who want the same lease on one clock.
struct Fixture {
  std::shared_ptr<FakeApi> api = std::make_shared<FakeApi>();
  ManualClock clock;
  Client client{api};
  Contender a{client, options_of("a"), clock};
  Contender b{client, options_of("b"), clock};

  bool try_a() { return a.attempt(5s).value_or(false); }
  bool try_b() { return b.attempt(5s).value_or(false); }
  std::string holder() const { return api->at(kPath)["spec"].value("holderIdentity", ""); }
};

}  // namespace

TEST_CASE("a lease is judged by what was seen of it and by own time alone") {
  LeaseJudge judge(options_of("me"));
  const SteadyTime start{1h};
  CHECK(judge.judge(std::nullopt, start) == Verdict::kCreate);
  CHECK(judge.judge(held_by("me", "t0"), start) == Verdict::kRenew);
  // The holder's clock may be years off: its times are only compared for a change.
  CHECK(judge.judge(held_by("you", "1999"), start) == Verdict::kWait);
  CHECK(judge.judge(held_by("you", "1999"), start + 14999ms) == Verdict::kWait);
  CHECK(judge.judge(held_by("you", "2000"), start + 15s) == Verdict::kWait);
  CHECK(judge.judge(held_by("you", "2000"), start + 29999ms) == Verdict::kWait);
  CHECK(judge.judge(held_by("you", "2000"), start + 30s) == Verdict::kTake);
  CHECK(judge.judge(held_by("", "2000"), start + 30s) == Verdict::kTake);
  // The holder's own duration counts.
  CHECK(judge.judge(held_by("you", "2001", 60), start + 31s) == Verdict::kWait);
  CHECK(judge.judge(held_by("you", "2001", 60), start + 90999ms) == Verdict::kWait);
  CHECK(judge.judge(held_by("you", "2001", 60), start + 91s) == Verdict::kTake);
}

TEST_CASE("a lease of odd types is one that nobody holds") {
  for (const auto* odd : {"{}", R"({"spec":5})", R"({"spec":{"holderIdentity":5}})", R"({"spec":{}})"}) {
    LeaseJudge judge(options_of("me"));
    CHECK_MESSAGE(judge.judge(Json::parse(odd), SteadyTime{1h}) == Verdict::kTake, odd);
    CHECK(judge.record(Verdict::kTake, Json::parse(odd), WallTime{})["spec"]["leaseTransitions"] == 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "the first makes the lease, the second waits, the first renews") {
  CHECK(try_a());
  const Json made = api->at(kPath);
  CHECK(made["spec"]["holderIdentity"] == "a");
  CHECK(made["spec"]["leaseDurationSeconds"] == 15);
  CHECK(made["spec"]["leaseTransitions"] == 0);
  CHECK(!try_b());
  CHECK(!b.holds());
  for (int i = 0; i < 20; ++i) {
    clock.advance(2s);
    CHECK(try_a());
    CHECK(!try_b());
  }
  CHECK(api->at(kPath)["spec"]["acquireTime"] == made["spec"]["acquireTime"]);
  CHECK(api->at(kPath)["spec"]["renewTime"] != made["spec"]["renewTime"]);
}

TEST_CASE_FIXTURE(Fixture, "a renewal is one request, and keeps what others wrote on the object") {
  CHECK(try_a());
  const auto before = api->log().size();
  clock.advance(2s);
  CHECK(try_a());
  CHECK(api->log().size() == before + 1);
  Json labelled = api->at(kPath);
  labelled["metadata"]["labels"]["team"] = "x";
  api->put(kPath, labelled);
  CHECK(!a.attempt(5s));
  CHECK(a.holds());
  CHECK(try_a());
  CHECK(api->at(kPath)["metadata"]["labels"]["team"] == "x");
  CHECK(holder() == "a");
}

TEST_CASE_FIXTURE(Fixture, "a silent holder has stopped leading before another takes over") {
  CHECK(try_a());
  CHECK(!try_b());
  Duration a_led_until{0}, b_led_from{0};
  for (Duration t{0}; t < 20s; t += 500ms, clock.advance(500ms)) {
    if (a.left() > Duration{0}) a_led_until = t;
    if (try_b()) {
      b_led_from = t;
      break;
    }
  }
  CHECK(a_led_until < 10s);
  CHECK(b_led_from == 15s);
  CHECK(holder() == "b");
  CHECK(api->at(kPath)["spec"]["leaseTransitions"] == 1);
  CHECK(!a.attempt(5s));
  CHECK(!try_a());
  CHECK(!a.holds());
}

TEST_CASE_FIXTURE(Fixture, "who slept through another's whole reign does not lead again on what it believes") {
  CHECK(try_a());
  CHECK(!try_b());
  clock.advance(15s);
  CHECK(try_b());
  // b dies at once; a wakes up after b has expired too.
  clock.advance(60s);
  CHECK(a.left() == Duration{0});
  CHECK(!a.attempt(5s));
  const auto second = a.attempt(5s);
  REQUIRE(second);
  CHECK(!*second);
  CHECK(!a.holds());
}

TEST_CASE_FIXTURE(Fixture, "a machine's clock that is set changes nothing") {
  CHECK(try_a());
  CHECK(!try_b());
  clock.jump_wall(24h);
  CHECK(!try_b());
  CHECK(a.left() == 10s);
  CHECK(try_a());
  clock.jump_wall(-48h);
  CHECK(!try_b());
  CHECK(try_a());
}

TEST_CASE_FIXTURE(Fixture, "of two who take an expired lease at once, one wins") {
  api->put(kPath, held_by("gone", "t"));
  CHECK(!try_a());
  CHECK(!try_b());
  clock.advance(15s);
  // b writes between a's reading and a's writing.
  bool meddled = false;
  api->fault = [&](const http::Request& request) -> std::optional<FakeApi::Fault> {
    if (request.method == "PUT" && !std::exchange(meddled, true)) CHECK(try_b());
    return std::nullopt;
  };
  const auto lost = a.attempt(5s);
  REQUIRE(!lost);
  CHECK(lost.error().code == Code::kConflict);
  CHECK(!a.holds());
  CHECK(b.holds());
  CHECK(holder() == "b");
}

TEST_CASE_FIXTURE(Fixture, "time runs from before the request, not from its answer") {
  api->fault = [&](const http::Request& request) -> std::optional<FakeApi::Fault> {
    if (request.method == "POST") clock.advance(4s);
    return std::nullopt;
  };
  CHECK(try_a());
  CHECK(a.left() == 6s);
}

TEST_CASE_FIXTURE(Fixture, "a renewal whose answer got lost is found out, and the lease still released") {
  CHECK(try_a());
  bool lose = true;
  api->fault = [&](const http::Request& request) -> std::optional<FakeApi::Fault> {
    if (lose && request.method == "PUT")
      return FakeApi::Fault{{Code::kTimeout, "the answer got lost", Retry::later()}, true};
    return std::nullopt;
  };
  clock.advance(2s);
  CHECK(!a.attempt(5s));
  CHECK(a.left() == 8s);
  lose = false;
  CHECK(try_a());
  CHECK(a.left() == 10s);
  CHECK(a.release(5s));
  CHECK(holder().empty());
}

TEST_CASE_FIXTURE(Fixture, "a released lease is taken at once; another's is not released") {
  CHECK(try_a());
  CHECK(!try_b());
  CHECK(a.release(5s));
  CHECK(!api->at(kPath)["spec"].contains("holderIdentity"));
  CHECK(try_b());
  CHECK(a.release(5s));
  CHECK(holder() == "b");
}

TEST_CASE_FIXTURE(Fixture, "a lease that somebody deleted is made again by who notices first") {
  CHECK(try_a());
  api->erase(kPath);
  CHECK(!a.attempt(5s));
  CHECK(try_a());
  CHECK(holder() == "a");
  api->erase(kPath);
  CHECK(try_b());
  CHECK(!a.attempt(5s));
  CHECK(!try_a());
  CHECK(!a.holds());
}

namespace {

// lead() on a thread, and what it called back.
struct Leader {
  Leader(const Client& client, LeaseOptions options, std::function<void(std::stop_token)> body = wait_for_stop)
      : thread([this, &client, options, body = std::move(body)](const std::stop_token& stop) {
          ended = lead(client, options, clock, stop, [&](std::stop_token token) {
            set(1);
            body(token);
            set(2);
          });
          set(3);
        }) {}

  static void wait_for_stop(std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait(lock, stop, [] { return false; });
  }

  void set(int value) {
    std::lock_guard lock(mutex);
    state = value;
    changed.notify_all();
  }

  bool reaches(int value) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), [&] { return state >= value; });
  }

  SystemClock clock;
  std::mutex mutex;
  std::condition_variable changed;
  int state = 0;  // 1: leading, 2: told to stop, 3: lead() returned
  Ended ended = Ended::kLost;
  std::jthread thread;
};

// Asks often; its limits are out of a slow machine's reach.
LeaseOptions quick(const std::string& identity) {
  LeaseOptions options = options_of(identity);
  options.duration = 2min;
  options.renew_deadline = 1min;
  options.retry_period = 10ms;
  return options;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a stop ends the work, then gives the lease back") {
  Leader one(client, quick("one"));
  REQUIRE(one.reaches(1));
  CHECK(holder() == "one");
  Leader two(client, quick("two"));
  one.thread.request_stop();
  REQUIRE(one.reaches(3));
  CHECK(one.ended == Ended::kStopped);
  REQUIRE(two.reaches(1));
  CHECK(holder() == "two");
  two.thread.request_stop();
  REQUIRE(two.reaches(3));
  CHECK(holder().empty());
}

TEST_CASE_FIXTURE(Fixture, "a leader that can't renew stops leading before its lease can be taken") {
  std::atomic<bool> down = false;
  api->fault = [&](const http::Request&) -> std::optional<FakeApi::Fault> {
    if (down) return FakeApi::Fault{{Code::kUnavailable, "down", Retry::later()}};
    return std::nullopt;
  };
  LeaseOptions options = quick("one");
  options.renew_deadline = 100ms;
  Leader one(client, options);
  REQUIRE(one.reaches(1));
  down = true;
  REQUIRE(one.reaches(3));
  CHECK(one.ended == Ended::kLost);
  CHECK(holder() == "one");
}

TEST_CASE_FIXTURE(Fixture, "a leader whose lease somebody else wrote himself into stops at once") {
  Leader one(client, quick("one"));
  REQUIRE(one.reaches(1));
  api->put(kPath, held_by("usurper", "t"));
  REQUIRE(one.reaches(3));
  CHECK(one.ended == Ended::kLost);
  CHECK(holder() == "usurper");
}

TEST_CASE_FIXTURE(Fixture, "work that returns, or throws, gives the lease back") {
  for (const bool throws : {false, true}) {
    Leader one(client, quick("one"), [throws](const std::stop_token&) {
      if (throws) throw std::runtime_error("no");
    });
    REQUIRE(one.reaches(3));
    CHECK(one.ended == Ended::kLost);
    CHECK(holder().empty());
  }
}

TEST_CASE_FIXTURE(Fixture, "a stop while waiting for another's lease returns at once") {
  api->put(kPath, held_by("other", "t", 3600));
  Leader one(client, options_of("one"));
  one.thread.request_stop();
  REQUIRE(one.reaches(3));
  CHECK(one.ended == Ended::kStopped);
  CHECK(holder() == "other");
}
