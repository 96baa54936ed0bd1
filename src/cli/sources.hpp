// Opens what a command reads from, as its options say. The clocks outlive what is opened.
#pragma once
#include <penstock/cli/console.hpp>
#include <penstock/cli/feed_source.hpp>
#include <penstock/cli/load_source.hpp>
#include <penstock/cli/options.hpp>

#include <memory>
#include <stop_token>

namespace penstock::cli {

Result<std::unique_ptr<Source>> open_kafka(const LagOptions& options, const LagRequest& request, Console& console,
                                           const Clock& clock);
Result<std::unique_ptr<Source>> open_feed(const FeedOptions& options, Duration timeout, Report report,
                                          const Clock& clock, const std::stop_token& stop);
Result<std::unique_ptr<Source>> open_comparison(const FeedOptions& options, Duration timeout,
                                                const std::stop_token& stop);
// Of the group of this ConsumerScaler, which is told of by its name.
Result<std::unique_ptr<LoadSource>> open_load(const SimulateOptions& options, const api::ConsumerScaler& scaler,
                                              Console& console, const Clock& clock, const std::stop_token& stop);

}  // namespace penstock::cli
