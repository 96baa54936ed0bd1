#include <penstock/operator/consumer_scaler/feed.hpp>

namespace penstock::op::consumer_scaler {
namespace {

bool same(Decision a, Decision b) {
  a.clear_decided_at_ms();
  b.clear_decided_at_ms();
  return a.SerializeAsString() == b.SerializeAsString();
}

}  // namespace

std::vector<k8s::ObjectKey> Decisions::on(const penstock::v1::Update& update, SteadyTime now) {
  using What = penstock::v1::Update::WhatCase;
  std::vector<k8s::ObjectKey> touched;
  last_contact_ = now;
  switch (update.what_case()) {
    case What::kDecision: {
      const Decision& decision = update.decision();
      const k8s::ObjectKey key{decision.namespace_(), decision.name()};
      Entry& entry = entries_[key];
      // One that comes again after a silence is news, though it says the same.
      const bool news = !entry.decision || !same(*entry.decision, decision) || now - entry.received > kFeedSilence;
      if (news) touched.push_back(key);
      entry = {std::make_shared<const Decision>(decision), now, true};
      break;
    }
    case What::kRemoved: {
      const k8s::ObjectKey key{update.removed().namespace_(), update.removed().name()};
      if (entries_.erase(key) > 0) touched.push_back(key);
      break;
    }
    case What::kSynced:
      for (auto it = entries_.begin(); it != entries_.end();) {
        if (it->second.repeated) {
          ++it;
          continue;
        }
        touched.push_back(it->first);
        it = entries_.erase(it);
      }
      break;
    case What::WHAT_NOT_SET:
      break;  // of a newer scaler
  }
  return touched;
}

void Decisions::connected() {
  for (auto& [key, entry] : entries_) entry.repeated = false;
}

Decisions::Heard Decisions::latest(const k8s::ObjectKey& key, SteadyTime now) const {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return {nullptr, silence(now)};
  return {found->second.decision, now - found->second.received};
}

}  // namespace penstock::op::consumer_scaler
