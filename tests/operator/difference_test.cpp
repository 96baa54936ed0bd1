#include <penstock/operator/difference.hpp>

#include <doctest/doctest.h>

namespace penstock::op::platform {
namespace {

TEST_CASE("what the server and other people added is left alone") {
  const Json rendered{{"spec", {{"ports", Json::array({{{"port", 9092}}})}}}, {"metadata", {{"labels", {{"a", "1"}}}}}};
  Json live = rendered;
  live["spec"]["ports"][0]["protocol"] = "TCP";
  live["spec"]["clusterIP"] = "10.0.0.1";
  live["metadata"]["labels"]["team"] = "x";
  CHECK(difference(rendered, live).empty());
}

TEST_CASE("a field that was changed or taken away is put back, and only it") {
  const Json rendered{{"spec", {{"replicas", 3}, {"type", "A"}}}};
  CHECK(difference(rendered, {{"spec", {{"replicas", 2}, {"type", "A"}}}}) == Json{{"spec", {{"replicas", 3}}}});
  CHECK(difference(rendered, {{"spec", {{"replicas", 3}}}}) == Json{{"spec", {{"type", "A"}}}});
}

TEST_CASE("a list that grew by hand is replaced whole") {
  const Json rendered{{"ports", Json::array({{{"port", 1}}})}};
  CHECK(difference(rendered, {{"ports", Json::array({{{"port", 1}}, {{"port", 2}}})}}) == rendered);
}

TEST_CASE("what a container may use no longer is taken away with the list that it is in") {
  const Json rendered{{"containers", Json::array({{{"name", "kafka"}, {"resources", Json::object()}}})}};
  Json live = rendered;
  CHECK(difference(rendered, live).empty());
  live["containers"][0]["resources"] = {{"requests", {{"memory", "900Gi"}}}};
  CHECK(difference(rendered, live) == rendered);
}

TEST_CASE("in an exact map a stranger's key goes, so that applying the difference gives our map") {
  const Json rendered{{"data", {{"a", "1"}}}};
  Json live{{"data", {{"a", "2"}, {"b", "3"}}}};
  const Json patch = difference(rendered, live, {"data"});
  CHECK(patch == Json{{"data", {{"a", "1"}, {"b", nullptr}}}});
  live.merge_patch(patch);
  CHECK(live == rendered);
}

TEST_CASE("amounts are compared as amounts where amounts are kept, and nowhere else") {
  const Json rendered{{"resources", {{"limits", {{"memory", "1024Mi"}, {"cpu", "500m"}}}}}};
  CHECK(difference(rendered, {{"resources", {{"limits", {{"memory", "1Gi"}, {"cpu", "0.5"}}}}}}).empty());
  CHECK_FALSE(difference(rendered, {{"resources", {{"limits", {{"memory", "1Gi"}, {"cpu", "600m"}}}}}}).empty());
  CHECK_FALSE(difference(Json{{"env", "1024Mi"}}, Json{{"env", "1Gi"}}).empty());
  CHECK(same_quantity("1e3", "1k"));
  CHECK_FALSE(same_quantity("1", "1m"));
  CHECK_FALSE(same_quantity("x", "y"));
}

}  // namespace
}  // namespace penstock::op::platform
