#include <penstock/k8s/store.hpp>

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::k8s;
using Type = WatchEvent::Type;

namespace {

Json thing(const std::string& name, Json value) {
  return {{"metadata", {{"namespace", "n"}, {"name", name}}}, {"value", std::move(value)}};
}

Result<int> parse(const Json& object) {
  if (!object["value"].is_number()) return fail(Code::kInvalid, "no number", Retry::never());
  return object["value"].get<int>();
}

}  // namespace

TEST_CASE("a store is not synced before its first list is complete") {
  Store<int> store(parse);
  CHECK(!store.synced());
  store.on({Type::kInit, {}});
  store.on({Type::kInitApply, thing("a", 1)});
  CHECK(!store.synced());
  CHECK(store.get({"n", "a"}) == nullptr);
  store.on({Type::kInitDone, {}});
  CHECK(store.synced());
  CHECK(store.get({"n", "a"})->value() == 1);
}

TEST_CASE("a list that was begun twice holds only what the second saw") {
  Store<int> store(parse);
  store.on({Type::kInit, {}});
  store.on({Type::kInitApply, thing("a", 1)});
  store.on({Type::kInit, {}});
  store.on({Type::kInitApply, thing("b", 2)});
  store.on({Type::kInitDone, {}});
  CHECK(store.all().size() == 1);
  CHECK(store.get({"n", "b"})->value() == 2);
}

TEST_CASE("an object that can't be parsed is kept as its error and heals") {
  Store<int> store(parse);
  store.on({Type::kApply, thing("a", "x")});
  store.on({Type::kApply, thing("b", 2)});
  CHECK(store.get({"n", "a"})->error().code == Code::kInvalid);
  CHECK(store.get({"n", "b"})->value() == 2);
  store.on({Type::kApply, thing("a", 1)});
  CHECK(store.get({"n", "a"})->value() == 1);
}

TEST_CASE("a deleted object is gone when its listener hears of it, and old readers keep theirs") {
  Store<int> store(parse);
  std::vector<bool> there;
  store.subscribe([&](const ObjectKey& key) { there.push_back(store.get(key) != nullptr); });
  store.on({Type::kApply, thing("a", 1)});
  const auto kept = store.get({"n", "a"});
  store.on({Type::kDelete, thing("a", 1)});
  CHECK(there == std::vector<bool>{true, false});
  CHECK(kept->value() == 1);
}
