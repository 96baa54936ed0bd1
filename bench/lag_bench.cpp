// What one tick of the scaler costs besides reading Kafka: CPU time from the world of objects to published decisions,
// by part, as a share of the one second that a tick has; and the memory of all of it.
#include "objects.hpp"

#include <penstock/scaler/engine.hpp>
#include <penstock/scaler/meters.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <malloc.h>

using namespace penstock;

namespace {

struct Size {
  int scalers, partitions;  // partitions of each scaler's topic
};

constexpr int kWarm = 40;  // until every history is as long as it gets
constexpr int kTicks = 25;

double cpu_ms() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
}

// A cluster that answers a plan at once.
class Cluster {
 public:
  // With a backlog in each partition from the beginning, of which nobody knows how old it is, or without.
  Cluster(int partitions, bool backlog)
      : partitions_(static_cast<std::size_t>(partitions)), backlog_(backlog ? 500 : 0) {}

  // Of each hundred topics so many get 1,000 records in each partition, of which 990 are consumed at once.
  void move(int of_hundred) {
    for (std::size_t i = 0; i < ends_.size(); ++i)
      if (static_cast<int>(i % 100) < of_hundred) ends_[i] += 1000;
  }

  Result<kafka::Sample> read(const kafka::SamplePlan& plan, SteadyTime taken, WallTime wall) {
    ends_.resize(plan.groups.size(), 1'000'000);
    kafka::Sample sample;
    sample.taken = taken;
    sample.wall = wall;
    sample.topics.reserve(plan.groups.size());
    sample.groups.reserve(plan.groups.size());
    for (std::size_t i = 0; i < plan.groups.size(); ++i) {
      const auto& wanted = plan.groups[i];
      const std::string& name = *wanted.topics.begin();
      const std::int64_t end = ends_[i];
      kafka::TopicSample topic;
      topic.id = "AAAAAAAAAAAAAAAAAAAAAA";
      topic.ends.assign(partitions_, Reading::of(end));
      topic.starts.assign(partitions_, Reading::of(0));
      sample.topics.emplace(name, std::move(topic));
      kafka::GroupSample& group = sample.groups[wanted.id];
      group.info = kafka::GroupInfo{"Consumer", "Stable", "uniform", 4, nullptr};
      group.commits = {};
      const std::int64_t lag = backlog_ + (end - 1'000'000) / 100;
      group.committed[name].assign(partitions_, Reading::of(end - lag));
    }
    return sample;
  }

 private:
  const std::size_t partitions_;
  const std::int64_t backlog_;
  std::vector<std::int64_t> ends_;  // by group of the plan
};

struct Cost {
  double subjects = 0, plan = 0, decide = 0, publish = 0;
  double total() const { return subjects + plan + decide + publish; }
};

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

class Bench {
 public:
  Bench(Size size, bool backlog) : cluster_(size.partitions, backlog) {
    world_.views.on(bench::secret(bench::view()));
    for (int i = 0; i < size.scalers; ++i)
      world_.scalers.on({k8s::WatchEvent::Type::kApply,
                         bench::object(i, "orders-group-" + std::to_string(i), "orders-topic-" + std::to_string(i))});
  }

  Cost tick(int of_hundred) {
    clock_.advance(1s);
    cluster_.move(of_hundred);
    Cost cost;
    double begun = cpu_ms();
    const auto lap = [&] {
      const double now = cpu_ms();
      return now - std::exchange(begun, now);
    };
    const auto subjects = world_.subjects_of({"kafka", "main"});
    cost.subjects = lap();
    const auto& plan = engine_.plan(*subjects);
    cost.plan = lap();
    const auto sample = cluster_.read(plan, clock_.now(), clock_.wall());
    lap();
    const auto entries = engine_.tick(*subjects, &sample, clock_.now(), clock_.wall());
    cost.decide = lap();
    board_.publish(entries);
    cost.publish = lap();
    return cost;
  }

  Cost run(int of_hundred) {
    for (int i = 0; i < kWarm; ++i) tick(of_hundred);
    std::vector<double> parts[4];
    for (int i = 0; i < kTicks; ++i) {
      const Cost one = tick(of_hundred);
      const double values[] = {one.subjects, one.plan, one.decide, one.publish};
      for (std::size_t p = 0; p < 4; ++p) parts[p].push_back(values[p]);
    }
    return {median(parts[0]), median(parts[1]), median(parts[2]), median(parts[3])};
  }

  // False when nothing is known: the figures would say nothing.
  bool print(Size size, int of_hundred, const std::string& motion) {
    const Cost cost = run(of_hundred);
    const auto [scrape_ms, scrape_mib] = scrape();
    std::printf("%8d %10d %7s | %9.2f %6.2f %8.2f %8.2f | %8.2f %6.2f%% %8.0f   %.0f ms, %.1f MiB\n", size.scalers,
                size.scalers * size.partitions, motion.c_str(), cost.subjects, cost.plan, cost.decide, cost.publish,
                cost.total(), cost.total() / 10, bench::resident_mib(), scrape_ms, scrape_mib);
    return known() == static_cast<std::size_t>(size.scalers);
  }

 private:
  // The time and size of one scrape.
  std::pair<double, double> scrape() const {
    const double begun = cpu_ms();
    const std::string text = scaler::expose(*board_.read(), {});
    return {cpu_ms() - begun, static_cast<double>(text.size()) / (1 << 20)};
  }
  std::size_t known() const {
    const auto snapshot = board_.read();
    return static_cast<std::size_t>(
        std::ranges::count_if(snapshot->entries(), [](const auto& entry) { return entry->lag.has_value(); }));
  }

  ManualClock clock_;
  scaler::World world_;
  scaler::Board board_{[](const k8s::ObjectKey&, const std::string&) { return true; }};
  scaler::Engine engine_;
  Cluster cluster_;
};

// The decision alone, from known lag: each time another scaler's, under both thresholds, with records arriving.
double decisions_ms(int count) {
  api::ConsumerScalerSpec spec;
  spec.lag_threshold = 1000;
  spec.delay_threshold = 30s;
  const scaling::GroupState group{true, "Classic", "Stable", "range", 4};
  scaling::Lag lag;
  lag.partitions = lag.largest_topic = 10;
  lag.delay = api::Delay{5s};
  lag.topics.emplace_back();
  std::vector<scaling::Memory> memories(static_cast<std::size_t>(count));
  for (scaling::Memory& memory : memories) memory.consumer_capacity = 100;
  std::vector<double> times;
  SteadyTime now{1h};
  for (int tick = 0; tick < kTicks; ++tick) {
    now += 1s;
    const double begun = cpu_ms();
    for (std::size_t i = 0; i < memories.size(); ++i) {
      lag.total = lag.waiting = lag.useful =
          static_cast<std::int64_t>((i * 7 + static_cast<std::size_t>(tick) * 13) % 9000);
      lag.arrival_rate = lag.consumption_rate = static_cast<double>(i % 900);
      scaling::Decision decision = scaling::decide(lag, group, spec, {4, {}}, memories[i], now);
      if (!decision.known) std::abort();
      memories[i] = std::move(decision.memory);
    }
    times.push_back(cpu_ms() - begun);
  }
  return median(times);
}

}  // namespace

// Without arguments several sizes; else SCALERS PARTITIONS, of each.
int main(int argc, char** argv) {
  std::printf("%8s %10s %7s | %9s %6s %8s %8s | %8s %7s %8s %s\n", "scalers", "partitions", "moving", "subjects",
              "plan", "decide", "publish", "CPU ms", "of 1 s", "RSS MiB", "  scrape");
  std::vector<Size> sizes{{100, 10}, {1000, 10}, {10'000, 10}, {1000, 100}};
  if (argc == 3) sizes = {{std::atoi(argv[1]), std::atoi(argv[2])}};
  for (const Size size : sizes) {
    Bench bench(size, false);
    for (const int of_hundred : {0, 1, 100})
      if (!bench.print(size, of_hundred, std::to_string(of_hundred) + "%")) return 1;
    Bench cold(size, true);
    if (!cold.print(size, 0, "cold")) return 1;
    malloc_trim(0);
  }
  std::printf("10,000 decisions from known lag: %.1f ms of CPU\n", decisions_ms(10'000));
  return 0;
}
