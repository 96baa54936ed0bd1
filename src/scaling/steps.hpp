// The steps of a decision that are plain arithmetic.
#pragma once
#include <penstock/scaling/decision.hpp>

#include <string>

namespace penstock::scaling {

struct Bounds {
  int lower = 0, upper = 0;  // upper: a very large number when nothing bounds
  std::string upper_name;    // MaxReplicas, Partitions; empty when nothing bounds
};

int ceil_div(int a, int b);  // rounded up, of what is not negative
// The cap is above all: a minimum higher than what the partitions feed is lowered to it.
Bounds bounds_of(const api::ConsumerScalerSpec& spec, int cap);
// How many members can be given something to do: as many as there are partitions, or partitions of the largest topic,
// or tasks. Tasks share members with those of topics that nobody asked about: each of them can be the one that is too
// much.
int feedable_members(const Lag& lag, const std::string& assignor, int tasks);
// ceil(lag / threshold), as far as an int goes.
int replicas_for(std::int64_t lag, std::int64_t threshold);
// The next number of replicas, from need up, at which the fullest consumer has fewer partitions than with one less.
int even_step(int need, int partitions, int consumers_per_replica);
// What HPA is told so that it lands on desired: the lag itself wherever that does it.
double metric_for(int desired, std::optional<std::int64_t> useful_lag, const api::ConsumerScalerSpec& spec,
                  const Bounds& bounds, std::optional<int> current_replicas);

}  // namespace penstock::scaling
