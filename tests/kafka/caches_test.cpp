#include "../../src/kafka/admin/group_cache.hpp"
#include "../../src/kafka/admin/topic_cache.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::kafka;

namespace {

constexpr SteadyTime kStart{1h};

TopicInfo topic(const std::string& id, int partitions) {
  TopicInfo info{.name = "orders", .topic_id = id, .partitions = {}};
  for (int p = 0; p < partitions; ++p)
    info.partitions.push_back({.id = p, .leader = 1, .replicas = {1}, .in_sync_replicas = {1}});
  return info;
}

GroupInfo group(const std::string& state) {
  GroupInfo info;
  info.state = state;
  return info;
}

}  // namespace

TEST_CASE("a topic is looked up every five seconds, a missing one every second") {
  TopicCache cache(5s);
  CHECK(cache.due("orders", kStart));
  cache.put("orders", topic("a", 3), kStart);
  CHECK_FALSE(cache.due("orders", kStart + 4999ms));
  CHECK(cache.due("orders", kStart + 5s));

  cache.put("gone", fail(Code::kNotFound, "no such topic"), kStart);
  CHECK_FALSE(cache.due("gone", kStart + 999ms));
  CHECK(cache.due("gone", kStart + 1s));
  CHECK(cache.error("gone").code == Code::kNotFound);
  CHECK_FALSE(cache.find("gone"));
}

TEST_CASE("a partition that somebody mentions makes the cache doubt the topic, once") {
  TopicCache cache(5s);
  cache.put("orders", topic("a", 3), kStart);
  cache.mention("orders", 2);
  CHECK_FALSE(cache.due("orders", kStart + 1s));
  cache.mention("orders", 5);
  CHECK(cache.due("orders", kStart + 1s));
  cache.put("orders", topic("a", 3), kStart + 1s);
  cache.mention("orders", 5);
  CHECK_FALSE(cache.due("orders", kStart + 2s));
  cache.mention("orders", 6);
  CHECK(cache.due("orders", kStart + 2s));
}

TEST_CASE("growth keeps the starts that are known, another topic of the same name does not") {
  TopicCache cache(5s);
  cache.put("orders", topic("a", 2), kStart);
  cache.find("orders")->starts[1] = {7, kStart};
  cache.put("orders", topic("a", 4), kStart + 5s);
  REQUIRE(cache.find("orders")->starts.size() == 4);
  CHECK(cache.find("orders")->starts[1]->offset == 7);
  cache.put("orders", topic("b", 4), kStart + 10s);
  CHECK_FALSE(cache.find("orders")->starts[1]);
}

TEST_CASE("a lookup that fails leaves the partitions for a while, unless the topic is gone") {
  TopicCache cache(5s);
  cache.put("orders", topic("a", 2), kStart);
  cache.put("orders", fail(Code::kTimeout, "no answer"), kStart + 10s);
  CHECK(cache.find("orders"));
  cache.put("orders", fail(Code::kTimeout, "no answer"), kStart + 30s);
  CHECK_FALSE(cache.find("orders"));
  CHECK(cache.error("orders").code == Code::kTimeout);

  cache.put("orders", topic("a", 2), kStart + 31s);
  cache.put("orders", fail(Code::kNotFound, "no such topic"), kStart + 36s);
  CHECK_FALSE(cache.find("orders"));
}

TEST_CASE("topics that nobody plans to read are forgotten") {
  TopicCache cache(5s);
  cache.put("orders", topic("a", 2), kStart);
  cache.keep_only({"payments"});
  CHECK_FALSE(cache.find("orders"));
}

TEST_CASE("the list lends a described group its type, and its state to one that can't be described") {
  GroupCache cache;
  cache.described("classic", group("Stable"), kStart);
  cache.described("modern", group("Dead"), kStart);
  cache.described("absent", group("Dead"), kStart);
  cache.listed(GroupList{.groups = {{"classic", {"Classic", "Empty"}}, {"modern", {"Consumer", "Stable"}}},
                         .incomplete = std::nullopt},
               kStart);
  CHECK(cache.info("classic")->state == "Stable");
  CHECK(cache.info("classic")->type == "Classic");
  CHECK(cache.info("modern")->state == "Stable");
  CHECK(cache.info("modern")->members == 0);
  CHECK(cache.info("absent")->state == "Dead");
  CHECK(cache.info("absent")->type.empty());
  CHECK_FALSE(cache.info("unheard"));
}

TEST_CASE("the list is read each tick only when a group's state comes from it") {
  GroupCache cache;
  CHECK(cache.list_due(kStart));
  cache.described("classic", group("Stable"), kStart);
  cache.listed(GroupList{.groups = {{"classic", {"Classic", "Stable"}}, {"modern", {"Consumer", "Stable"}}},
                         .incomplete = std::nullopt},
               kStart);
  CHECK_FALSE(cache.list_due(kStart + 1s));
  CHECK(cache.list_due(kStart + 5s));
  cache.described("modern", group("Dead"), kStart);
  CHECK(cache.list_due(kStart + 1s));
}

TEST_CASE("an incomplete list does not replace a complete one until that is old") {
  GroupCache cache;
  cache.described("g", group("Stable"), kStart);
  cache.listed(GroupList{.groups = {{"g", {"Classic", "Stable"}}}, .incomplete = std::nullopt}, kStart);
  const GroupList partial{.groups = {}, .incomplete = Error{Code::kTimeout, "broker 2", Retry::later()}};
  cache.listed(partial, kStart + 5s);
  CHECK(cache.info("g")->type == "Classic");
  cache.listed(partial, kStart + 15s);
  CHECK(cache.info("g")->type.empty());
}
