#include <penstock/base/metrics.hpp>
#include <penstock/operator/exposition.hpp>

#include <array>

namespace penstock::op {
namespace {

// As conditions have it; an object that can't be read is not ready.
template <class Resource>
std::size_t readiness(const Result<Resource>& object) {
  const api::Condition* ready = object ? object->status.conditions.find("Ready") : nullptr;
  if (ready == nullptr) return object ? 2 : 1;
  return ready->status == api::ConditionStatus::kTrue ? 0 : ready->status == api::ConditionStatus::kFalse ? 1 : 2;
}

class Exposition {
 public:
  Exposition(const Stores& stores, std::string& text) : stores_(stores), text_(text) {
    for (const auto& [key, entry] : stores.platforms.all())
      if (*entry) platforms_.push_back(entry);
  }

  void run() {
    metrics::append_head(text_, "penstock_resources", "Resources of each kind by the status of their condition Ready.");
    count("EventPlatform", stores_.platforms);
    count("Topic", stores_.topics);
    count("ConsumerScaler", stores_.scalers);

    metrics::append_head(text_, "penstock_platform_ready", "1 while the EventPlatform's condition Ready is True.");
    for (const auto& platform : platforms_)
      series("penstock_platform_ready", **platform, "", "", readiness(*platform) == 0 ? 1 : 0);

    metrics::append_head(text_, "penstock_platform_nodes", "Nodes of a cluster that Penstock runs.");
    for (const auto& platform : platforms_) {
      const auto& nodes = (*platform)->status.nodes;
      if (!nodes) continue;
      series("penstock_platform_nodes", **platform, "state", "desired", nodes->desired);
      series("penstock_platform_nodes", **platform, "state", "ready", nodes->ready);
      series("penstock_platform_nodes", **platform, "state", "updated", nodes->updated);
    }

    metrics::append_head(text_, "penstock_certificate_not_after_timestamp_seconds",
                         "When the first certificate of its kind ends.");
    for (const auto& platform : platforms_)
      for (const auto& end : (*platform)->status.certificates)
        series("penstock_certificate_not_after_timestamp_seconds", **platform, "certificate", end.name,
               std::chrono::duration_cast<std::chrono::seconds>(end.not_after.time_since_epoch()).count());
  }

 private:
  template <class Resource>
  void count(std::string_view kind, const k8s::Store<Resource>& store) {
    std::array<std::int64_t, 3> counts{};
    for (const auto& [key, entry] : store.all()) ++counts.at(readiness(*entry));
    static constexpr std::array kStatuses{"True", "False", "Unknown"};
    for (std::size_t i = 0; i < counts.size(); ++i)
      text_.append("penstock_resources{kind=\"")
          .append(kind)
          .append("\",ready=\"")
          .append(kStatuses.at(i))
          .append("\"} ")
          .append(std::to_string(counts.at(i)))
          .append("\n");
  }

  void series(std::string_view name, const api::EventPlatform& platform, std::string_view label, std::string_view value,
              std::int64_t number) {
    text_.append(name).append("{namespace=\"").append(platform.meta.ns).append("\",platform=\"");
    text_.append(platform.meta.name).append("\"");
    if (!label.empty()) {
      text_.append(",").append(label).append("=\"");
      metrics::append_escaped(text_, value);
      text_.append("\"");
    }
    text_.append("} ").append(std::to_string(number)).append("\n");
  }

  const Stores& stores_;
  std::string& text_;
  std::vector<k8s::Store<api::EventPlatform>::Entry> platforms_;
};

}  // namespace

void expose(const Stores& stores, std::string& text) {
  Exposition(stores, text).run();
}

}  // namespace penstock::op
