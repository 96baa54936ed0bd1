// How many replicas the lag asks for, before any bound: by the records that wait, by the time they wait, or both.
#pragma once
#include <penstock/scaling/decision.hpp>

#include <string>
#include <vector>

namespace penstock::scaling {

struct Need {
  int replicas = 0;
  int clearly = 0;  // of them, those that are needed even if a tenth of a replica's work were not there
  int relief = 0;   // how many relieve the consumer of a heavy partition of others, where that is more
};

// What this sample tells about replicas that came and about the records that one consumer gets done.
void learn(const Lag& lag, const GroupState& group, const api::ConsumerScalerSpec& spec, const Workload& workload,
           Memory& memory, SteadyTime now);

// Of a known lag. Appends why.
Need need_of(const Lag& lag, const GroupState& group, const api::ConsumerScalerSpec& spec, const Workload& workload,
             const Memory& memory, SteadyTime now, std::vector<std::string>& reasons);

}  // namespace penstock::scaling
