#include <penstock/operator/consumer_scaler/target_index.hpp>

#include <doctest/doctest.h>

namespace penstock::op::consumer_scaler {
namespace {

using Type = k8s::WatchEvent::Type;
using Keys = std::set<k8s::ObjectKey>;

Json hpa(const std::string& name, const std::string& target) {
  return {{"metadata", {{"name", name}, {"namespace", "shop"}}},
          {"spec", {{"scaleTargetRef", {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", target}}}}}};
}

Json scaler(const std::string& name, const std::string& target) {
  api::ConsumerScaler out;
  out.meta.name = name;
  out.meta.ns = "shop";
  out.spec.platform.name = "main";
  out.spec.consumer_group = "g";
  out.spec.lag_threshold = 1;
  out.spec.target = {"apps/v1", "Deployment", target};
  return api::print(out);
}

TEST_CASE("an HPA that comes, moves or goes wakes the scalers of the targets that it concerns") {
  Stores stores;
  Keys woken;
  const TargetIndex index(stores, [&](const k8s::ObjectKey& key) { woken.insert(key); });
  stores.scalers.on({Type::kApply, scaler("a", "one")});
  stores.scalers.on({Type::kApply, scaler("b", "two")});
  CHECK(woken == Keys{{"shop", "a"}, {"shop", "b"}});
  const std::string one = target_key("shop", {"apps/v1beta1", "Deployment", "one"});

  woken.clear();
  stores.autoscalers.on({Type::kApply, hpa("mine", "one")});
  CHECK(woken == Keys{{"shop", "a"}});
  CHECK(index.of(one).autoscalers == Keys{{"shop", "mine"}});

  woken.clear();
  stores.autoscalers.on({Type::kApply, hpa("mine", "two")});
  CHECK(woken == Keys{{"shop", "a"}, {"shop", "b"}});
  CHECK(index.of(one).autoscalers.empty());

  woken.clear();
  stores.autoscalers.on({Type::kDelete, hpa("mine", "two")});
  CHECK(woken == Keys{{"shop", "b"}});
}

TEST_CASE("a scaler that goes wakes the other one of its target") {
  Stores stores;
  Keys woken;
  const TargetIndex index(stores, [&](const k8s::ObjectKey& key) { woken.insert(key); });
  stores.scalers.on({Type::kApply, scaler("a", "one")});
  stores.scalers.on({Type::kApply, scaler("b", "one")});
  woken.clear();
  stores.scalers.on({Type::kDelete, scaler("a", "one")});
  CHECK(woken == Keys{{"shop", "a"}, {"shop", "b"}});
}

TEST_CASE("a ScaledObject means a Deployment where it does not say") {
  CHECK(target_of({{"spec", {{"scaleTargetRef", {{"name", "one"}}}}}}) ==
        api::ScaleTarget{"apps/v1", "Deployment", "one"});
}

}  // namespace
}  // namespace penstock::op::consumer_scaler
