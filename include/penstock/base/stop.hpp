// Waiting that a stop request ends.
#pragma once
#include <penstock/base/time.hpp>

#include <stop_token>

namespace penstock {

// Sleeps for the time given; false when the stop came first.
bool wait_for(std::stop_token stop, Duration time);

}  // namespace penstock
