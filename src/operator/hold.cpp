#include <penstock/operator/hold.hpp>

namespace penstock::op {

std::vector<std::string> changes(const std::vector<Action>& actions) {
  std::vector<std::string> out;
  for (const Action& action : actions)
    if (!std::holds_alternative<EmitEvent>(action) && !std::holds_alternative<RecordStatus>(action))
      out.push_back(to_string(action));
  return out;
}

}  // namespace penstock::op
