#include "wire/reader/group_book.hpp"
#include "wire/reader/topic_cache.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::kafka;
using namespace penstock::kafka::wire;

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

ListGroupsResponse list_of(const std::map<std::string, std::string>& types) {
  ListGroupsResponse list;
  for (const auto& [id, type] : types)
    list.groups.push_back({.group_id = id, .protocol_type = "consumer", .group_state = "Stable", .group_type = type});
  return list;
}

}  // namespace

TEST_CASE("a topic is looked up every five seconds, a missing one every second") {
  TopicCache cache;
  CHECK(cache.of("orders").due(kStart));
  cache.of("orders").put(topic("a", 3), kStart);
  CHECK_FALSE(cache.of("orders").due(kStart + 4999ms));
  CHECK(cache.of("orders").due(kStart + 5s));

  cache.of("gone").put(fail(Code::kNotFound, "no such topic"), kStart);
  CHECK_FALSE(cache.of("gone").due(kStart + 999ms));
  CHECK(cache.of("gone").due(kStart + 1s));
  CHECK(cache.of("gone").error().code == Code::kNotFound);
  CHECK_FALSE(cache.of("gone").known());
}

TEST_CASE("a partition that somebody mentions makes the cache doubt the topic, once") {
  TopicCache cache;
  cache.of("orders").put(topic("a", 3), kStart);
  cache.of("orders").mention(2);
  CHECK_FALSE(cache.of("orders").due(kStart + 1s));
  cache.of("orders").mention(5);
  CHECK(cache.of("orders").due(kStart + 1s));
  cache.of("orders").put(topic("a", 3), kStart + 1s);
  cache.of("orders").mention(5);
  CHECK_FALSE(cache.of("orders").due(kStart + 2s));
  cache.of("orders").mention(6);
  CHECK(cache.of("orders").due(kStart + 2s));
}

TEST_CASE("growth keeps the starts that are known, another topic of the same name does not") {
  TopicCache cache;
  cache.of("orders").put(topic("a", 2), kStart);
  cache.of("orders").known()->starts[1] = {7, kStart};
  cache.of("orders").put(topic("a", 4), kStart + 5s);
  REQUIRE(cache.of("orders").known()->starts.size() == 4);
  CHECK(cache.of("orders").known()->starts[1]->offset == 7);
  cache.of("orders").put(topic("b", 4), kStart + 10s);
  CHECK_FALSE(cache.of("orders").known()->starts[1]);
}

TEST_CASE("a lookup that fails leaves the partitions for a while, unless the topic is gone") {
  TopicCache cache;
  cache.of("orders").put(topic("a", 2), kStart);
  cache.of("orders").put(fail(Code::kTimeout, "no answer"), kStart + 10s);
  CHECK(cache.of("orders").known());
  cache.of("orders").put(fail(Code::kTimeout, "no answer"), kStart + 30s);
  CHECK_FALSE(cache.of("orders").known());
  CHECK(cache.of("orders").error().code == Code::kTimeout);

  cache.of("orders").put(topic("a", 2), kStart + 31s);
  cache.of("orders").put(fail(Code::kNotFound, "no such topic"), kStart + 36s);
  CHECK_FALSE(cache.of("orders").known());
}

TEST_CASE("topics that nobody plans to read are forgotten") {
  TopicCache cache;
  cache.of("orders").tick = 1;
  cache.of("payments").tick = 2;
  cache.keep_only(2);
  CHECK_FALSE(cache.find("orders"));
  CHECK(cache.find("payments"));
}

TEST_CASE("the list is asked for again soon while a group of ours is not on it") {
  GroupBook book;
  book.of("classic");
  book.of("modern");
  CHECK(book.list_due(kStart));
  book.list_asked(kStart);
  book.listed(list_of({{"classic", "classic"}, {"other", "consumer"}}));
  CHECK_FALSE(book.list_due(kStart + 1s));
  CHECK(book.list_due(kStart + 2s));

  book.list_asked(kStart + 2s);
  book.listed(list_of({{"modern", "Consumer"}}));
  CHECK_FALSE(book.list_due(kStart + 11s));
  CHECK(book.list_due(kStart + 12s));
  CHECK(book.of("classic").type == "Classic");
  CHECK(book.of("modern").type == "Consumer");
}

TEST_CASE("before brokers tell types a listed group is classic") {
  GroupBook book;
  book.of("billing");
  book.listed(list_of({{"billing", ""}}));
  CHECK(book.of("billing").type == "Classic");
}

TEST_CASE("a group that changes its type must be described anew") {
  GroupBook book;
  book.of("billing");
  book.listed(list_of({{"billing", "classic"}}));
  book.described(book.of("billing"), group("Stable"), kStart);
  book.listed(list_of({{"billing", "classic"}}));
  CHECK(book.info(book.of("billing"), kStart));
  book.listed(list_of({{"billing", "consumer"}}));
  CHECK_FALSE(book.info(book.of("billing"), kStart));
}

TEST_CASE("a group that seems dead may have another type: the list is asked before it is believed") {
  GroupBook book;
  book.of("billing");
  book.list_asked(kStart);
  book.listed(list_of({{"billing", "classic"}}));
  book.described(book.of("billing"), group("Stable"), kStart);
  CHECK_FALSE(book.list_due(kStart + 1s));
  book.described(book.of("billing"), group("Dead"), kStart + 1s);
  CHECK(book.info(book.of("billing"), kStart + 1s)->state == "Stable");
  CHECK(book.list_due(kStart + 1s));
  book.list_asked(kStart + 2s);
  book.listed(list_of({}));
  book.described(book.of("billing"), group("Dead"), kStart + 2s);
  CHECK(book.info(book.of("billing"), kStart + 2s)->state == "Dead");
}

TEST_CASE("a description is believed in for a while when the next one fails and may come") {
  GroupBook book;
  CHECK_FALSE(book.info(book.of("billing"), kStart));
  book.described(book.of("billing"), group("Stable"), kStart);
  book.described(book.of("billing"), fail(Code::kTimeout, "no answer"), kStart + 1s);
  CHECK(book.info(book.of("billing"), kStart + 14s)->state == "Stable");
  REQUIRE_FALSE(book.info(book.of("billing"), kStart + 15s));
  CHECK(book.info(book.of("billing"), kStart + 15s).error().code == Code::kTimeout);

  book.described(book.of("billing"), group("Empty"), kStart + 16s);
  book.described(book.of("billing"), fail(Code::kForbidden, "may not"), kStart + 17s);
  REQUIRE_FALSE(book.info(book.of("billing"), kStart + 17s));
  CHECK(book.info(book.of("billing"), kStart + 17s).error().code == Code::kForbidden);
}

TEST_CASE("a few groups are described each time, of many each has its turn in three") {
  GroupBook book;
  const auto groups = [&](int count) {
    std::vector<const KnownGroup*> known;
    for (int i = 0; i < count; ++i) {
      KnownGroup& one = book.of("g" + std::to_string(i));
      book.described(one, group("Stable"), kStart);
      known.push_back(&one);
    }
    return known;
  };
  CHECK(book.next_to_describe(groups(400)).size() == 400);
  const auto many = groups(3001);
  std::set<std::size_t> seen;
  for (int tick = 0; tick < 4; ++tick) {
    const auto next = book.next_to_describe(many);
    CHECK(next.size() <= 1001);
    seen.insert(next.begin(), next.end());
  }
  CHECK(seen.size() == 3001);
}

TEST_CASE("groups of two types take turns, so that a broker is asked about one type at a time") {
  GroupBook book;
  std::vector<const KnownGroup*> known;
  for (int i = 0; i < 60; ++i) {
    KnownGroup& one = book.of("g" + std::to_string(i));
    book.described(one, group("Stable"), kStart);
    one.type = i % 2 == 0 ? "Classic" : "Consumer";
    known.push_back(&one);
  }
  std::set<std::size_t> seen;
  std::size_t requests = 0;
  for (int tick = 0; tick < 4; ++tick) {
    std::set<std::string> types;
    for (const std::size_t i : book.next_to_describe(known)) {
      types.insert(known[i]->type);
      seen.insert(i);
    }
    requests += types.size();
  }
  CHECK(seen.size() == 60);
  CHECK(requests == 4);
}

TEST_CASE("what was never described does not wait for its turn") {
  GroupBook book;
  std::vector<const KnownGroup*> known;
  for (int i = 0; i < 2000; ++i) known.push_back(&book.of("g" + std::to_string(i)));
  CHECK(book.next_to_describe(known).size() == 2000);
}

TEST_CASE("groups that nobody asks for are forgotten") {
  GroupBook book;
  book.of("old").tick = 1;
  book.of("new").tick = 2;
  book.of("old").type = book.of("new").type = "Classic";
  book.keep_only(2);
  CHECK(book.of("new").type == "Classic");
  CHECK(book.of("old").type.empty());
}
