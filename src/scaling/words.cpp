#include "words.hpp"

namespace penstock::scaling {
namespace {

constexpr std::size_t kShown = 10;

}  // namespace

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t sign = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > sign + 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string count(std::int64_t number, std::string_view thing) {
  return grouped(number) + " " + std::string(thing) + (number == 1 ? "" : "s");
}

std::string partition_list(const std::vector<int>& partitions) {
  std::string text;
  for (std::size_t i = 0; i < partitions.size() && i < kShown; ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(partitions[i]);
  if (partitions.size() > kShown) text += " and " + std::to_string(partitions.size() - kShown) + " more";
  return text;
}

}  // namespace penstock::scaling
