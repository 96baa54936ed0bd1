// The decision in a closed loop, beside KEDA's rule and an oracle on the same loads, each load at many moments. Prints
// one line of JSON for each scenario and rule, of means but for `highest`; with a folder as its argument, writes the
// first series there as CSV.
#include <penstock/simulation/scenarios.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>

using namespace penstock;
using namespace penstock::simulation;

namespace {

// Five minutes, the HPA's window, in steps that meet its 15 s and a commit's 5 s at different places.
constexpr Duration kLatest = 5min, kStep = 23s;

void write(const std::string& path, const Outcome& outcome) {
  std::ofstream file(path);
  file << "seconds,load,lag,delay,desired,replicas,ideal\n";
  for (const Moment& m : outcome.moments)
    if (m.at % 10s == 0s)
      file << m.at / 1s << ',' << m.load << ',' << m.lag << ',' << m.delay / 1s << ',' << m.desired << ',' << m.replicas
           << ',' << m.ideal << '\n';
}

// Of one rule on one load.
class Sums {
 public:
  void add(const Outcome& outcome) {
    ++runs_;
    missed_minutes_ += outcome.missed_minutes;
    replica_hours_ += outcome.replica_hours;
    ideal_hours_ += outcome.ideal_hours;
    scalings_ += outcome.scalings;
    reversals_ += outcome.reversals;
    lost_ += static_cast<double>(outcome.lost);
    highest_ = std::max(highest_, outcome.highest);
    for (const auto& [type, words] : outcome.reasons) verdicts_.insert(type);
  }
  void print(const Scenario& scenario, const char* rule) const {
    const Json line{{"scenario", scenario.name},
                    {"rule", rule},
                    {"missed_minutes", missed_minutes_ / runs_},
                    {"replica_hours", replica_hours_ / runs_},
                    {"ideal_hours", ideal_hours_ / runs_},
                    {"scalings", scalings_ / runs_},
                    {"reversals", reversals_ / runs_},
                    {"highest", highest_},
                    {"lost", lost_ / runs_},
                    {"verdicts", verdicts_}};
    std::puts(line.dump().c_str());
  }

 private:
  int runs_ = 0, highest_ = 0;
  double missed_minutes_ = 0, replica_hours_ = 0, ideal_hours_ = 0, scalings_ = 0, reversals_ = 0, lost_ = 0;
  std::set<std::string> verdicts_;
};

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::pair<Rule, const char*>> rules{
      {Rule::kPenstock, "penstock"}, {Rule::kKeda, "keda"}, {Rule::kOracle, "oracle"}};
  for (const Scenario& scenario : scenarios())
    for (const auto& [rule, name] : rules) {
      Sums sums;
      for (Duration by = 0s; by < kLatest; by += kStep) {
        const Outcome outcome = run(later(scenario, by), rule);
        sums.add(outcome);
        if (argc > 1 && by == 0s) write(std::string(argv[1]) + "/" + scenario.name + "." + name + ".csv", outcome);
      }
      sums.print(scenario, name);
    }
}
