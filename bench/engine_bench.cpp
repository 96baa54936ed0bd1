// What one tick of the scaler costs with real brokers at the other end: plan, read, decide, publish, once a second, as
// the program does it. Prints one line of JSON.
#include "objects.hpp"

#include <penstock/kafka/offset_reader.hpp>
#include <penstock/scaler/engine.hpp>
#include <penstock/scaler/world.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

using namespace penstock;

namespace {

struct Usage {
  double user_ms = 0, system_ms = 0;
};

Usage usage() {
  rusage now{};
  getrusage(RUSAGE_SELF, &now);
  const auto ms = [](const timeval& t) {
    return 1e3 * static_cast<double>(t.tv_sec) + 1e-3 * static_cast<double>(t.tv_usec);
  };
  return {ms(now.ru_utime), ms(now.ru_stime)};
}

double percentile(std::vector<double> values, double of_hundred) {
  std::ranges::sort(values);
  const auto last = static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(std::lround(last * of_hundred / 100))];
}

std::uint64_t requests_of(const kafka::Traffic& traffic) {
  std::uint64_t sum = 0;
  for (const auto& [api, its] : traffic.apis) sum += its.requests;
  return sum;
}

struct Options {
  std::string bootstrap;
  int scalers = 10, partitions = 10, topics = 0, warm = 5, ticks = 30;
};

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options) {
    kafka::PlatformView view = bench::view();
    view.connection.bootstrap_servers = options.bootstrap;
    world_.views.on(bench::secret(view));
    for (int i = 0; i < options.scalers; ++i)
      world_.scalers.on({k8s::WatchEvent::Type::kApply, bench::object(i, "bench-g" + std::to_string(i),
                                                                      "bench-" + std::to_string(i % options.topics))});
  }

  // The line, or why there is none.
  Result<Json> run() {
    kafka::Connection connection;
    connection.bootstrap_servers = options_.bootstrap;
    auto reader = kafka::open_offset_reader(connection, "penstock-bench", clock_);
    if (!reader) return std::unexpected(reader.error());
    SteadyTime next = clock_.now();
    for (int i = 0; i < options_.warm; ++i, next = pause(next)) tick(**reader);
    std::fprintf(stderr, "warm\n");  // from now on it counts, for whoever looks at the brokers meanwhile
    const Usage before = usage();
    const kafka::Traffic told = (*reader)->traffic();
    for (int i = 0; i < options_.ticks; ++i, next = pause(next)) walls_.push_back(tick(**reader));
    const Usage after = usage();
    std::fprintf(stderr, "done\n");
    return line(before, after, told, (*reader)->traffic());
  }

 private:
  SteadyTime pause(SteadyTime last) {
    const SteadyTime next = std::max(last + 1s, clock_.now());
    std::this_thread::sleep_until(std::chrono::steady_clock::time_point(next.time_since_epoch()));
    return next;
  }

  // How long it took, in ms.
  double tick(kafka::OffsetReader& reader) {
    const auto begun = std::chrono::steady_clock::now();
    const auto subjects = world_.subjects_of({"kafka", "main"});
    const auto& plan = engine_.plan(*subjects);
    {
      const auto sample = reader.read(plan, 3s, {});
      board_.publish(engine_.tick(*subjects, &sample, clock_.now(), clock_.wall()));
      if (!sample) ++failed_;
    }
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
  }

  Json line(const Usage& before, const Usage& after, const kafka::Traffic& told, const kafka::Traffic& traffic) const {
    const double ticks = options_.ticks;
    Json apis = Json::object();
    for (const auto& [api, its] : traffic.apis) {
      const auto old = told.apis.find(api);
      const std::uint64_t had = old == told.apis.end() ? 0 : old->second.requests;
      if (its.requests > had) apis[api] = static_cast<double>(its.requests - had) / ticks;
    }
    const auto snapshot = board_.read();
    const auto known = std::ranges::count_if(snapshot->entries(), [](const auto& e) { return e->lag.has_value(); });
    double lag = 0;
    for (const auto& entry : snapshot->entries()) lag += static_cast<double>(entry->lag.value_or(0));
    return {{"scalers", options_.scalers},
            {"topics", options_.topics},
            {"partitions_read", options_.topics * options_.partitions},
            {"commits_read", options_.scalers * options_.partitions},
            {"known", known},
            {"mean_lag", known ? lag / static_cast<double>(known) : 0.0},
            {"failed_ticks", failed_},
            {"user_ms", (after.user_ms - before.user_ms) / ticks},
            {"system_ms", (after.system_ms - before.system_ms) / ticks},
            {"cpu_ms", (after.user_ms + after.system_ms - before.user_ms - before.system_ms) / ticks},
            {"wall_p50_ms", percentile(walls_, 50)},
            {"wall_max_ms", percentile(walls_, 100)},
            {"rss_mib", bench::resident_mib()},
            {"requests", static_cast<double>(requests_of(traffic) - requests_of(told)) / ticks},
            {"apis", apis},
            {"kib_in", static_cast<double>(traffic.bytes_in - told.bytes_in) / ticks / 1024},
            {"kib_out", static_cast<double>(traffic.bytes_out - told.bytes_out) / ticks / 1024},
            {"connections", bench::open_sockets()}};
  }

  const Options options_;
  const SystemClock clock_;
  scaler::World world_;
  scaler::Board board_{[](const k8s::ObjectKey&, const std::string&) { return true; }};
  scaler::Engine engine_;
  std::vector<double> walls_;
  int failed_ = 0;
};

}  // namespace

// --bootstrap HOST:PORT --scalers N --partitions P --topics T --warm S --ticks S: N groups bench-g<i>, each on one of T
// topics bench-<i % T> of P partitions; as many topics as groups unless told otherwise. The first ticks look everything
// up and are not counted.
int main(int argc, char** argv) {
  std::map<std::string, std::string> given;
  for (int i = 1; i + 1 < argc; i += 2) given[argv[i]] = argv[i + 1];
  Options options;
  options.bootstrap = given["--bootstrap"];
  const auto number = [&](const char* name, int& value) {
    if (given.contains(name)) value = std::atoi(given[name].c_str());
  };
  number("--scalers", options.scalers);
  number("--partitions", options.partitions);
  options.topics = options.scalers;
  number("--topics", options.topics);
  number("--warm", options.warm);
  number("--ticks", options.ticks);
  if (options.bootstrap.empty() || options.scalers < 1 || options.partitions < 1 || options.topics < 1 ||
      options.ticks < 1)
    return std::fprintf(stderr,
                        "usage: engine_bench --bootstrap HOST:PORT [--scalers N] [--partitions P] [--topics T] "
                        "[--warm S] [--ticks S]\n"),
           2;
  const auto line = Bench(options).run();
  if (!line) return std::fprintf(stderr, "%s\n", line.error().to_string().c_str()), 1;
  std::printf("%s\n", line->dump().c_str());
  return 0;
}
