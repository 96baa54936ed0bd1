#include "scaler/fakes.hpp"

#include <doctest/doctest.h>

using namespace penstock;
using namespace penstock::scaler;
using scaler::testing::put;
using scaler::testing::scaler_object;
using scaler::testing::view_of;
using scaler::testing::view_secret;

namespace {

Json hpa(const std::string& ns, const std::string& name, const std::string& target, int desired) {
  return {{"metadata", {{"namespace", ns}, {"name", name}}},
          {"spec", {{"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", target}}}}},
          {"status", {{"desiredReplicas", desired}}}};
}

}  // namespace

TEST_CASE("a platform's subjects are those that name it, with what HPA wants for their targets") {
  World world;
  put(world.views, view_secret(view_of("shop", "main")));
  put(world.scalers, scaler_object("shop", "orders"));
  put(world.scalers, scaler_object("shop", "lost", {{"platformRef", {{"name", "gone"}}}}));
  put(world.hpas, hpa("shop", "h", "orders", 7));
  put(world.hpas, hpa("other", "h", "orders", 9));
  CHECK(world.platforms() == std::set<k8s::ObjectKey>{{"shop", "main"}});
  auto subjects = *world.subjects_of({"shop", "main"});
  REQUIRE(subjects.size() == 1);
  CHECK(subjects[0].scaler->meta.name == "orders");
  CHECK(subjects[0].hpa_desired == 7);
  CHECK(subjects[0].refusal.empty());
  subjects = world.subjects_without_platform();
  REQUIRE(subjects.size() == 1);
  CHECK(subjects[0].scaler->meta.name == "lost");
  CHECK(subjects[0].refusal.find("EventPlatform shop/gone") != std::string::npos);

  put(world.scalers, scaler_object("shop", "lost"));  // now it names one that is there
  CHECK(world.subjects_of({"shop", "main"})->size() == 2);
  CHECK(world.subjects_without_platform().empty());
  put(world.hpas, hpa("shop", "h", "something-else", 7));
  CHECK_FALSE(world.subjects_of({"shop", "main"})->at(1).hpa_desired);
  testing::remove(world.scalers, scaler_object("shop", "lost"));
  CHECK(world.subjects_of({"shop", "main"})->size() == 1);
  testing::remove(world.views, view_secret(view_of("shop", "main")));
  CHECK(world.subjects_without_platform().size() == 1);
}

TEST_CASE("another namespace reads only what the platform allows it") {
  World world;
  auto view = view_of("kafka", "main");
  view.allowed = {{"shop", {"orders"}, {}}};
  put(world.views, view_secret(view));
  const Json platform{{"name", "main"}, {"namespace", "kafka"}};
  put(world.scalers, scaler_object("shop", "orders", {{"platformRef", platform}}));
  put(world.scalers, scaler_object("shop", "thief", {{"platformRef", platform}, {"topics", {"salaries"}}}));
  put(world.scalers, scaler_object("evil", "thief", {{"platformRef", platform}}));
  std::map<std::string, std::string> refusals;
  for (const auto& subject : *world.subjects_of({"kafka", "main"}))
    refusals[subject.scaler->meta.ns + "/" + subject.scaler->meta.name] = subject.refusal;
  REQUIRE(refusals.size() == 3);
  CHECK(refusals["shop/orders"].empty());
  CHECK(refusals["shop/thief"].find("prefixes") != std::string::npos);
  CHECK(refusals["evil/thief"].find("does not allow the namespace evil") != std::string::npos);
}

TEST_CASE("a platform's subjects are the same list until something about them changes") {
  World world;
  const k8s::ObjectKey main{"shop", "main"};
  put(world.views, view_secret(view_of("shop", "main")));
  for (const auto* name : {"a", "b", "c"}) put(world.scalers, scaler_object("shop", name));
  put(world.hpas, hpa("shop", "h", "b", 3));
  const auto first = world.subjects_of(main);
  REQUIRE(first->size() == 3);
  CHECK(first->at(1).hpa_desired == 3);
  put(world.hpas, hpa("shop", "foreign", "z", 9));
  put(world.scalers, scaler_object("shop", "z", {{"platformRef", {{"name", "other"}}}}));
  CHECK(world.subjects_of(main) == first);

  auto before = first;
  const auto changed = [&] {
    const auto now = world.subjects_of(main);
    CHECK(now != before);
    CHECK(world.subjects_of(main) == now);
    before = now;
    return now;
  };
  SUBCASE("an HPA wants something else") {
    put(world.hpas, hpa("shop", "h", "b", 5));
    CHECK(changed()->at(1).hpa_desired == 5);
    CHECK(first->at(1).hpa_desired == 3);
    put(world.hpas, hpa("shop", "h", "c", 5));
    const auto moved = changed();
    CHECK_FALSE(moved->at(1).hpa_desired);
    CHECK(moved->at(2).hpa_desired == 5);
    testing::remove(world.hpas, hpa("shop", "h", "c", 5));
    CHECK_FALSE(changed()->at(2).hpa_desired);
  }
  SUBCASE("a broker is not ready") {
    auto view = view_of("shop", "main");
    view.unsettled = true;
    put(world.views, view_secret(view));
    CHECK(changed()->at(1).unsettled);
    CHECK_FALSE(first->at(1).unsettled);
  }
  SUBCASE("an object is edited, aims at another target, leaves, comes back") {
    put(world.scalers, scaler_object("shop", "b", {{"lagThreshold", 5}}));
    CHECK(changed()->at(1).scaler->spec.lag_threshold == 5);
    put(world.scalers,
        scaler_object("shop", "c",
                      {{"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", "b"}}}}));
    CHECK(changed()->at(2).hpa_desired == 3);
    put(world.scalers, scaler_object("shop", "b", {{"platformRef", {{"name", "other"}}}}));
    CHECK(changed()->size() == 2);
    put(world.scalers, scaler_object("shop", "b"));
    CHECK(changed()->size() == 3);
    testing::remove(world.scalers, scaler_object("shop", "a"));
    CHECK(changed()->size() == 2);
  }
  SUBCASE("the view goes and comes back") {
    testing::remove(world.views, view_secret(view_of("shop", "main")));
    CHECK_FALSE(changed()->at(0).refusal.empty());
    put(world.views, view_secret(view_of("shop", "main")));
    CHECK(changed()->at(0).refusal.empty());
  }
}

TEST_CASE("a view that can't be read any more is missed at its platform, by name") {
  World world;
  Json secret = view_secret(view_of("shop", "main"));
  put(world.views, secret);
  put(world.scalers, scaler_object("shop", "orders"));
  secret["data"]["connection"] = "####";
  put(world.views, secret);
  CHECK(world.platforms().size() == 1);
  const auto subjects = *world.subjects_of({"shop", "main"});
  REQUIRE(subjects.size() == 1);
  CHECK(subjects[0].refusal.find("`connection` is not base64") != std::string::npos);
}

TEST_CASE("what is awaited is named until all lists are complete") {
  World world;
  CHECK(world.awaited() == "ConsumerScalers, HorizontalPodAutoscalers, platform views");
  testing::sync(world.hpas);
  testing::sync(world.views);
  CHECK(world.awaited() == "ConsumerScalers");
  testing::sync(world.scalers);
  CHECK(world.awaited().empty());
}

TEST_CASE("the scaler's own certificate is that of its Secret, and while that is not there it says who makes it") {
  World world;
  CHECK(world.tls("penstock").error().what ==
        "Secret penstock/penstock-scaler-tls is not there yet: penstock-operator makes it");
  Json secret{{"metadata", {{"namespace", "penstock"}, {"name", "penstock-scaler-tls"}}},
              {"data", api::print_tls_data({"c", "k", "a"})}};
  testing::put(world.certificates, secret);
  CHECK(world.tls("penstock").value() == api::TlsSecret{"c", "k", "a"});
  secret["data"].erase("tls.key");
  testing::put(world.certificates, secret);
  CHECK(world.tls("penstock").error().what.find("Secret penstock/penstock-scaler-tls: ") == 0);
}
