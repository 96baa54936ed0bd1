#include <penstock/scaler/snapshot.hpp>

namespace penstock::scaler {

bool Entry::says_the_same_as(const Entry& other) const {
  const scaling::Decision &a = decision, &b = other.decision;
  return uid == other.uid && generation == other.generation && target == other.target && lag == other.lag &&
         delay.has_value() == other.delay.has_value() && (!delay || delay->at_least == other.delay->at_least) &&
         partitions == other.partitions && group == other.group && verdicts == other.verdicts && error == other.error &&
         a.known == b.known && a.desired == b.desired && a.active == b.active && a.metric == b.metric &&
         a.limited_by == b.limited_by && a.cap == b.cap && a.freshness == b.freshness && a.reasons == b.reasons;
}

EntryPtr Snapshot::find(const k8s::ObjectKey& key) const {
  const auto found = entries.find(key);
  return found == entries.end() ? nullptr : found->second;
}

Board::Board(Exists exists) : exists_(std::move(exists)), snapshot_(std::make_shared<const Snapshot>()) {}

void Board::publish(std::vector<std::shared_ptr<Entry>> entries) {
  const std::lock_guard lock(publishing_);
  auto next = std::make_shared<Snapshot>(*snapshot_.load());
  Change change;
  for (auto& entry : entries) {
    const EntryPtr before = next->find(entry->key);
    // An object that was deleted while it was decided on must not come back; review() has run or will.
    if (!(before && before->uid == entry->uid) && !exists_(entry->key, entry->uid)) continue;
    if (before && before->says_the_same_as(*entry)) {
      entry->revision = before->revision;
    } else {
      entry->revision = ++revision_;
      change.changed.push_back(entry);
    }
    next->entries[entry->key] = std::move(entry);
  }
  swap(std::move(next), change);
}

void Board::review(const k8s::ObjectKey& key) {
  const std::lock_guard lock(publishing_);
  const auto now = snapshot_.load();
  const EntryPtr entry = now->find(key);
  if (!entry || exists_(key, entry->uid)) return;
  auto next = std::make_shared<Snapshot>(*now);
  next->entries.erase(key);
  swap(std::move(next), Change{{}, {entry}});
}

void Board::swap(std::shared_ptr<const Snapshot> next, const Change& change) {
  snapshot_.store(std::move(next));
  if (change.changed.empty() && change.removed.empty()) return;
  for (const Listener& listener : listeners_) listener(change);
}

}  // namespace penstock::scaler
