#include <penstock/simulation/consumers.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace penstock::simulation {

Consumers::Consumers(World world) : world_(std::move(world)), partitions_(static_cast<std::size_t>(world_.partitions)) {
  for (Partition& partition : partitions_) partition.committed = 0;
}

void Consumers::step(double arriving, int replicas) {
  now_ += 1s;
  change_members(replicas);
  arrive(arriving);
  expire();
  if (now_ >= rebalancing_until_) consume();
  if (now_ - committed_at_ >= world_.commit_interval) commit();
}

void Consumers::grow(int partitions) {
  partitions_.resize(static_cast<std::size_t>(partitions));
  for (Partition& partition : partitions_) partition.committed = std::max<std::int64_t>(partition.committed, 0);
  world_.shares.clear();
  rebalancing_until_ = now_ + world_.rebalance;
}

void Consumers::arrive(double arriving) {
  for (std::size_t p = 0; p < partitions_.size(); ++p) {
    Partition& partition = partitions_[p];
    partition.owed += arriving * share(p);
    auto records = static_cast<std::int64_t>(partition.owed);
    if (records == 0) continue;
    partition.owed -= static_cast<double>(records);
    if (world_.transactional) ++records;
    partition.end += records;
    partition.arrivals.push_back({now_, partition.end});
  }
}

void Consumers::expire() {
  if (!world_.retention) return;
  for (Partition& partition : partitions_) {
    while (!partition.arrivals.empty() && now_ - partition.arrivals.front().at > *world_.retention) {
      partition.start = partition.arrivals.front().end;
      partition.arrivals.pop_front();
    }
    if (partition.position >= partition.start) continue;
    lost_ += partition.start - partition.position;
    partition.position = partition.start;
  }
}

void Consumers::change_members(int replicas) {
  const auto wanted = static_cast<std::size_t>(std::max(replicas, 0));
  const std::size_t before = members_;
  while (members_ + starting_.size() < wanted) starting_.push_back(now_ + world_.startup);
  // The youngest go first.
  while (members_ + starting_.size() > wanted) {
    if (starting_.empty()) {
      --members_;
    } else {
      starting_.pop_back();
    }
  }
  while (!starting_.empty() && starting_.front() <= now_) {
    starting_.pop_front();
    ++members_;
  }
  if (members_ == before) return;
  commit();
  rebalancing_until_ = now_ + world_.rebalance;
}

bool Consumers::hangs(std::size_t p) const {
  return world_.stuck && static_cast<std::size_t>(*world_.stuck) == p && now_ - began_ >= world_.stuck_from;
}

// Each member shares its second evenly among those of its partitions on which records wait. One that hangs keeps a
// thread of its own busy, and not the others.
void Consumers::consume() {
  for (std::size_t member = 0; member < members_; ++member) {
    std::vector<Partition*> mine;
    for (std::size_t p = member; p < partitions_.size(); p += members_)
      if (!hangs(p) && partitions_[p].end > partitions_[p].position) mine.push_back(&partitions_[p]);
    std::ranges::sort(mine, {}, [](const Partition* p) { return p->end - p->position; });
    double budget = world_.consumer_capacity;
    for (std::size_t i = 0; i < mine.size(); ++i) {
      Partition& partition = *mine[i];
      const double fair = budget / static_cast<double>(mine.size() - i);
      const double taken = std::min(fair, static_cast<double>(partition.end - partition.position) - partition.done);
      budget -= taken;
      partition.done += taken;
      const auto whole = static_cast<std::int64_t>(partition.done);
      partition.done -= static_cast<double>(whole);
      partition.position += whole;
      while (!partition.arrivals.empty() && partition.arrivals.front().end <= partition.position)
        partition.arrivals.pop_front();
    }
  }
}

void Consumers::commit() {
  committed_at_ = now_;
  for (std::size_t p = 0; p < partitions_.size(); ++p)
    if (members_ > 0 && !hangs(p))
      partitions_[p].committed = std::max(partitions_[p].committed, partitions_[p].position);
}

std::int64_t Consumers::lag() const {
  return std::accumulate(partitions_.begin(), partitions_.end(), std::int64_t{0},
                         [](std::int64_t sum, const Partition& p) { return sum + p.end - p.position; });
}

Duration Consumers::delay() const {
  Duration oldest{};
  for (std::size_t p = 0; p < partitions_.size(); ++p)
    if (!partitions_[p].arrivals.empty() && !hangs(p))
      oldest = std::max(oldest, now_ - partitions_[p].arrivals.front().at);
  return oldest;
}

int Consumers::ideal(double arriving) const {
  const std::size_t count = partitions_.size();
  if (arriving <= 0) return 0;
  double work = 0;  // of whole consumers
  std::vector<double> kept_up(count);
  for (std::size_t p = 0; p < count; ++p) {
    const double load = arriving * share(p) + (world_.transactional ? 1 : 0);
    if (hangs(p)) continue;
    work += std::min(load / world_.consumer_capacity, 1.0);
    if (load <= world_.consumer_capacity) kept_up[p] = load;
  }
  const auto least = static_cast<std::size_t>(std::ceil(work - 1e-6));
  for (std::size_t replicas = std::max<std::size_t>(least, 1); replicas < count; ++replicas) {
    std::vector<double> loads(replicas);
    for (std::size_t p = 0; p < count; ++p) loads[p % replicas] += kept_up[p];
    if (std::ranges::max(loads) <= world_.consumer_capacity) return static_cast<int>(replicas);
  }
  return static_cast<int>(count);
}

double Consumers::share(std::size_t p) const {
  return world_.shares.empty() ? 1.0 / static_cast<double>(partitions_.size()) : world_.shares.at(p);
}

scaling::GroupState Consumers::group() const {
  const bool rebalancing = now_ < rebalancing_until_;
  const char* state = members_ == 0 ? "Empty" : rebalancing ? "PreparingRebalance" : "Stable";
  return {true, "Classic", state, "cooperative-sticky", static_cast<int>(members_)};
}

scaling::Lag Consumers::read(const api::ConsumerScalerSpec& spec) {
  std::vector<Reading> ends, starts, committed;
  for (const Partition& partition : partitions_) {
    ends.push_back(Reading::of(partition.end));
    starts.push_back(Reading::of(partition.start));
    committed.push_back(Reading::of(partition.committed));
  }
  history_.observe("simulated", ends, now_);
  std::vector<int> assigned(members_ == 0 ? 0 : partitions_.size());
  std::iota(assigned.begin(), assigned.end(), 0);
  scaling::TopicInput topic;
  topic.name = spec.topics.empty() ? "topic" : std::string_view(spec.topics.front());
  topic.ends = ends;
  topic.starts = starts;
  topic.committed = committed;
  topic.assigned = assigned;
  topic.history = &history_;
  return scaling::compute_lag({now_, nullptr, group(), {&topic, 1}, false}, past_, spec);
}

}  // namespace penstock::simulation
