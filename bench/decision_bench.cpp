// The decision in a closed loop, beside KEDA's rule on the same loads. Prints one line of JSON for each scenario and
// rule; with a folder as its argument, writes the series there as CSV.
#include <penstock/simulation/scenarios.hpp>

#include <cstdio>
#include <fstream>

using namespace penstock;
using namespace penstock::simulation;

namespace {

void print(const Scenario& scenario, const char* rule, const Outcome& outcome, double oracle_hours) {
  Json line{{"scenario", scenario.name},
            {"rule", rule},
            {"missed_minutes", outcome.missed_minutes},
            {"replica_hours", outcome.replica_hours},
            {"ideal_hours", outcome.ideal_hours},
            {"oracle_hours", oracle_hours},
            {"scalings", outcome.scalings},
            {"reversals", outcome.reversals},
            {"highest", outcome.highest},
            {"lost", outcome.lost},
            {"verdicts", Json::array()}};
  for (const auto& [type, words] : outcome.reasons) line["verdicts"].push_back(type);
  std::puts(line.dump().c_str());
}

void write(const std::string& path, const Outcome& outcome) {
  std::ofstream file(path);
  file << "seconds,load,lag,delay,desired,replicas,ideal\n";
  for (const Moment& m : outcome.moments)
    if (m.at % 10s == 0s)
      file << m.at / 1s << ',' << m.load << ',' << m.lag << ',' << m.delay / 1s << ',' << m.desired << ',' << m.replicas
           << ',' << m.ideal << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  for (const Scenario& scenario : scenarios()) {
    const double oracle_hours = run(scenario, Rule::kOracle).replica_hours;
    for (const auto& [rule, name] : {std::pair{Rule::kPenstock, "penstock"}, std::pair{Rule::kKeda, "keda"}}) {
      const Outcome outcome = run(scenario, rule);
      print(scenario, name, outcome, oracle_hours);
      if (argc > 1) write(std::string(argv[1]) + "/" + scenario.name + "." + name + ".csv", outcome);
    }
  }
}
