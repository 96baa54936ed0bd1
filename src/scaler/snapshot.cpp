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
  const auto found = places_->find(key);
  return found == places_->end() ? nullptr : entries_[found->second];
}

Board::Board(Exists exists) : exists_(std::move(exists)), snapshot_(std::make_shared<const Snapshot>()) {}

void Board::publish(const std::vector<std::shared_ptr<Entry>>& entries) {
  const std::lock_guard lock(publishing_);
  const auto now = snapshot_.load();
  std::shared_ptr<Snapshot> next;                // made when something differs
  std::shared_ptr<Snapshot::Places> new_places;  // made when an object is new
  Change change;
  for (const auto& entry : entries) {
    const auto found = now->places_->find(entry->key);
    const EntryPtr* before = found == now->places_->end() ? nullptr : &now->entries_[found->second];
    if (before && *before == entry) continue;
    // An object that was deleted while it was decided on must not come back; review() has run or will.
    if (!(before && (*before)->uid == entry->uid) && !exists_(entry->key, entry->uid)) continue;
    const bool says_the_same = before && (*before)->says_the_same_as(*entry);
    // Once: whoever has an older snapshot may be reading it.
    if (entry->revision == 0) entry->revision = says_the_same ? (*before)->revision : ++revision_;
    if (!says_the_same) change.changed.push_back(entry);
    if (!next) next = std::make_shared<Snapshot>(*now);
    if (before) {
      next->entries_[found->second] = entry;
      continue;
    }
    if (!new_places) new_places = std::make_shared<Snapshot::Places>(*now->places_);
    const auto [place, is_new] = new_places->try_emplace(entry->key, next->entries_.size());
    if (is_new) {
      next->entries_.push_back(entry);
    } else {
      next->entries_[place->second] = entry;
    }
  }
  if (!next) return;
  if (new_places) next->places_ = std::move(new_places);
  swap(std::move(next), change);
}

void Board::review(const k8s::ObjectKey& key) {
  const std::lock_guard lock(publishing_);
  const auto now = snapshot_.load();
  const EntryPtr entry = now->find(key);
  if (!entry || exists_(key, entry->uid)) return;
  auto next = std::make_shared<Snapshot>(*now);
  auto places = std::make_shared<Snapshot::Places>(*now->places_);
  // The last one takes its place.
  const std::size_t place = places->at(key);
  places->insert_or_assign(next->entries_.back()->key, place);
  places->erase(key);
  next->entries_[place] = std::move(next->entries_.back());
  next->entries_.pop_back();
  next->places_ = std::move(places);
  swap(std::move(next), Change{{}, {entry}});
}

void Board::swap(std::shared_ptr<const Snapshot> next, const Change& change) {
  snapshot_.store(std::move(next));
  if (change.changed.empty() && change.removed.empty()) return;
  for (const Listener& listener : listeners_) listener(change);
}

}  // namespace penstock::scaler
