#include <penstock/k8s/store.hpp>
#include <penstock/k8s/watcher.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::k8s;
using Type = WatchEvent::Type;
using Next = Watcher::Next;

namespace {

std::string object(const std::string& name, const std::string& version) {
  return R"({"metadata":{"namespace":"n","name":")" + name + R"(","resourceVersion":")" + version +
         R"(","managedFields":[{"manager":"m"}]}})";
}

std::string page(const std::string& items, const std::string& version, const std::string& more = {}) {
  return R"({"kind":"ConfigMapList","metadata":{"resourceVersion":")" + version + R"(","continue":")" + more +
         R"("},"items":[)" + items + "]}";
}

std::string line(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}";
}

std::string gone(int code) {
  return R"({"kind":"Status","code":)" + std::to_string(code) + R"(,"message":"too old"})";
}

// "Init,InitApply a,InitDone"
std::string names(const Watcher::Step& step) {
  std::string out;
  for (const WatchEvent& event : step.events) {
    if (!out.empty()) out += ",";
    switch (event.type) {
      case Type::kInit:
        out += "Init";
        break;
      case Type::kInitApply:
        out += "InitApply ";
        break;
      case Type::kInitDone:
        out += "InitDone";
        break;
      case Type::kApply:
        out += "Apply ";
        break;
      case Type::kDelete:
        out += "Delete ";
        break;
    }
    out += key_of(event.object).name;
  }
  return out;
}

bool watches_from(const Watcher::Step& step, const std::string& version) {
  return step.next == Next::kWatch &&
         step.request.target.find("resourceVersion=" + version + "&") != std::string::npos &&
         step.request.target.find("allowWatchBookmarks=true") != std::string::npos;
}

bool lists_anew(const Watcher::Step& step) {
  return step.next == Next::kList && step.request.target == "/api/v1/configmaps?limit=500";
}

// Listed at version 10 with one object, a, and watching.
Watcher watching() {
  Watcher watcher(kinds::kConfigMap, {});
  watcher.on(Watcher::Start{});
  const auto step = watcher.on(Watcher::Page{page(object("a", "5"), "10")});
  REQUIRE(watches_from(step, "10"));
  return watcher;
}

}  // namespace

TEST_CASE("a list of several pages is one Init, and the watch begins at the list's version") {
  Watcher watcher(kinds::kConfigMap, {});
  CHECK(lists_anew(watcher.on(Watcher::Start{})));
  const auto first = watcher.on(Watcher::Page{page(object("a", "5") + "," + object("b", "6"), "10", "next")});
  CHECK(names(first) == "Init,InitApply a,InitApply b");
  CHECK(first.next == Next::kList);
  CHECK(first.request.target == "/api/v1/configmaps?limit=500&continue=next");
  const auto last = watcher.on(Watcher::Page{page(object("c", "99"), "10")});
  CHECK(names(last) == "InitApply c,InitDone");
  CHECK(watches_from(last, "10"));
  CHECK(!last.back_off);
  CHECK(last.problem.empty());
}

TEST_CASE("objects are typed and without their managed fields, wherever they come from") {
  Watcher watcher(kinds::kConfigMap, {});
  watcher.on(Watcher::Start{});
  const auto listed = watcher.on(Watcher::Page{page(object("a", "5"), "10")});
  const auto live = watcher.on(Watcher::Line{line("ADDED", object("b", "11"))});
  for (const Json& found : {listed.events.at(1).object, live.events.at(0).object}) {
    CHECK(found["kind"] == "ConfigMap");
    CHECK(found["apiVersion"] == "v1");
    CHECK(!found["metadata"].contains("managedFields"));
  }
}

TEST_CASE("live changes are Apply and Delete, and each advances the version") {
  Watcher watcher = watching();
  const auto added = watcher.on(Watcher::Line{line("ADDED", object("b", "11"))});
  CHECK(names(added) == "Apply b");
  CHECK(added.next == Next::kContinue);
  CHECK(names(watcher.on(Watcher::Line{line("MODIFIED", object("b", "12"))})) == "Apply b");
  const auto deleted = watcher.on(Watcher::Line{line("DELETED", object("b", "13"))});
  CHECK(names(deleted) == "Delete b");
  CHECK(deleted.events.at(0).object["metadata"]["resourceVersion"] == "13");
  const auto on = watcher.on(Watcher::StreamEnded{});
  CHECK(watches_from(on, "13"));
  CHECK(!on.back_off);
}

TEST_CASE("a bookmark says nothing and advances the version") {
  Watcher watcher = watching();
  const auto step = watcher.on(Watcher::Line{line("BOOKMARK", R"({"metadata":{"resourceVersion":"77"}})")});
  CHECK(step.events.empty());
  CHECK(step.next == Next::kContinue);
  CHECK(watches_from(watcher.on(Watcher::StreamEnded{}), "77"));
}

TEST_CASE("410 makes it list anew, as an event in the stream or as an answer") {
  Watcher by_event = watching();
  const auto step = by_event.on(Watcher::Line{line("ERROR", gone(410))});
  CHECK(lists_anew(step));
  CHECK(step.problem.find("too old") != std::string::npos);
  CHECK(names(by_event.on(Watcher::Page{page("", "20")})) == "Init,InitDone");

  Watcher by_answer = watching();
  CHECK(lists_anew(by_answer.on(Watcher::Failed{{Code::kGone, "expired", Retry::later()}})));
  CHECK(watches_from(by_answer.on(Watcher::Page{page("", "20")}), "20"));
}

TEST_CASE("another error backs off and watches on from the last version") {
  Watcher watcher = watching();
  watcher.on(Watcher::Line{line("MODIFIED", object("a", "15"))});
  const auto check = [](const Watcher::Step& step) {
    CHECK(watches_from(step, "15"));
    CHECK(step.back_off);
    CHECK(!step.problem.empty());
  };
  check(watcher.on(Watcher::Line{line("ERROR", gone(500))}));
  check(watcher.on(Watcher::Line{line("ERROR", R"({"code":"odd"})")}));
  check(watcher.on(Watcher::Failed{{Code::kUnavailable, "refused", Retry::later()}}));
  check(watcher.on(Watcher::Failed{{Code::kTimeout, "silent", Retry::later()}}));
}

TEST_CASE("a line that makes no sense backs off and lists anew") {
  for (const auto* text :
       {"{", "5", "null", R"({"type":"ADDED"})", R"({"type":"ADDED","object":5})", R"({"type":"ADDED","object":{}})",
        R"({"type":"NEWS","object":{"metadata":{"resourceVersion":"5"}}})",
        R"({"type":"ADDED","object":{"metadata":{"resourceVersion":"5"}}})",
        R"({"object":{"metadata":{"resourceVersion":"5","name":"a"}}})"}) {
    Watcher watcher = watching();
    const auto step = watcher.on(Watcher::Line{text});
    CHECK_MESSAGE(lists_anew(step), text);
    CHECK_MESSAGE(step.back_off, text);
    CHECK_MESSAGE(step.events.empty(), text);
  }
}

TEST_CASE("a page that makes no sense backs off and lists anew") {
  for (const auto* text : {"", "{", "[]", R"({"items":5,"metadata":{"resourceVersion":"5"}})", R"({"items":[]})",
                           R"({"items":[],"metadata":{}})", R"({"metadata":{"resourceVersion":"5"}})"}) {
    Watcher watcher(kinds::kConfigMap, {});
    watcher.on(Watcher::Start{});
    const auto step = watcher.on(Watcher::Page{text});
    CHECK_MESSAGE(lists_anew(step), text);
    CHECK_MESSAGE(step.back_off, text);
  }
}

TEST_CASE("one bad object does not break the list") {
  Watcher watcher(kinds::kConfigMap, {});
  watcher.on(Watcher::Start{});
  const auto step = watcher.on(Watcher::Page{page("5,{}," + object("a", "5"), "10")});
  CHECK(names(step) == "Init,InitApply a,InitDone");
  CHECK(!step.problem.empty());
  CHECK(watches_from(step, "10"));
}

TEST_CASE("a page that got lost is asked for again; with an expired token the list begins anew") {
  Watcher watcher(kinds::kConfigMap, {});
  watcher.on(Watcher::Start{});
  watcher.on(Watcher::Page{page(object("a", "5"), "10", "next")});
  const auto again = watcher.on(Watcher::Failed{{Code::kUnavailable, "refused", Retry::later()}});
  CHECK(again.request.target == "/api/v1/configmaps?limit=500&continue=next");
  CHECK(again.back_off);
  const auto anew = watcher.on(Watcher::Failed{{Code::kGone, "expired", Retry::later()}});
  CHECK(lists_anew(anew));
  CHECK(anew.back_off);
  CHECK(names(watcher.on(Watcher::Page{page(object("b", "5"), "11")})) == "Init,InitApply b,InitDone");
}

TEST_CASE("a watch of a kind that went away, or of a version that means nothing, lists anew") {
  for (const Code code : {Code::kNotFound, Code::kInvalid}) {
    Watcher watcher = watching();
    const auto step = watcher.on(Watcher::Failed{{code, "no", Retry::later()}});
    CHECK(lists_anew(step));
    CHECK(step.back_off);
  }
}

TEST_CASE("selectors go into the list and into the watch") {
  ListParams selection;
  selection.ns = "n";
  selection.label_selector = "a=b";
  Watcher watcher(kinds::kConfigMap, selection);
  CHECK(watcher.on(Watcher::Start{}).request.target == "/api/v1/namespaces/n/configmaps?labelSelector=a%3Db&limit=500");
  const auto step = watcher.on(Watcher::Page{page("", "10")});
  CHECK(step.request.target.find("/namespaces/n/configmaps?watch=true") != std::string::npos);
  CHECK(step.request.target.find("labelSelector=a%3Db") != std::string::npos);
}

TEST_CASE("what vanished while nobody watched is reported by the store after the new list") {
  Watcher watcher(kinds::kConfigMap, {});
  Store<Json> store([](const Json& found) -> Result<Json> { return found; });
  std::vector<std::string> touched;
  store.subscribe([&](const ObjectKey& key) { touched.push_back(key.name + (store.get(key) ? "" : " gone")); });
  const auto feed = [&](const Watcher::Step& step) {
    for (const WatchEvent& event : step.events) store.on(event);
  };
  watcher.on(Watcher::Start{});
  feed(watcher.on(Watcher::Page{page(object("a", "5") + "," + object("b", "6"), "10")}));
  watcher.on(Watcher::Line{line("ERROR", gone(410))});
  touched.clear();
  feed(watcher.on(Watcher::Page{page(object("b", "6"), "20", "next")}));
  CHECK(touched.empty());
  CHECK(store.get({"n", "a"}) != nullptr);
  feed(watcher.on(Watcher::Page{page(object("c", "18"), "20")}));
  CHECK(touched == std::vector<std::string>{"b", "c", "a gone"});
}
