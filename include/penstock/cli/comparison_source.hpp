// Asks penstock-scaler once what it has compared.
#pragma once
#include <penstock/cli/answer.hpp>
#include <penstock/cli/feed_source.hpp>

#include <string>

namespace penstock::cli {

class ComparisonSource final : public Source {
 public:
  // timeout: for an answer of the scaler's.
  ComparisonSource(FindRoute find_route, std::string ns, std::string name, Duration timeout)
      : find_route_(std::move(find_route)), ns_(std::move(ns)), name_(std::move(name)), timeout_(timeout) {}

  Result<Answer> read(std::stop_token stop) override;

 private:
  const FindRoute find_route_;
  const std::string ns_, name_;
  const Duration timeout_;
};

}  // namespace penstock::cli
