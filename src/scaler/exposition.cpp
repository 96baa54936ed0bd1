#include <penstock/base/metrics.hpp>
#include <penstock/scaler/meters.hpp>

#include <charconv>

namespace penstock::scaler {
namespace {

constexpr std::string_view kPartitionLag = "penstock_consumer_partition_lag";

void append_number(std::string& text, double value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  text.append(digits, end);
}
void append_number(std::string& text, std::int64_t value) {
  text += std::to_string(value);
}

// The text of one ConsumerScaler's labels, used by all of its series.
std::string labels_of(const Entry& entry) {
  std::string labels = "group=\"";
  metrics::append_escaped(labels, entry.group_id);
  labels += "\",namespace=\"";
  metrics::append_escaped(labels, entry.key.ns);
  labels += "\",scaler=\"";
  metrics::append_escaped(labels, entry.key.name);
  labels += '"';
  return labels;
}

class Writer {
 public:
  Writer(const Snapshot& snapshot, const SeriesLimits& limits) {
    for (const EntryPtr& entry : snapshot.entries()) {
      std::size_t partitions = 0;
      for (const scaling::TopicLag& topic : entry->topics) partitions += topic.by_partition.size();
      by_partition_ |= partitions > 0;
      rows_.push_back({entry.get(), labels_of(*entry), topics_.take(entry->topics.size(), limits.topics),
                       partitions_.take(partitions, limits.partitions)});
    }
  }

  std::string run() {
    using scaling::TopicLag;
    by_topic("penstock_consumer_lag", "Records not yet consumed by the group.",
             [](const TopicLag& topic) { return topic.complete() ? std::optional(topic.lag) : std::nullopt; });
    by_topic("penstock_consumer_delay_seconds", "At least the age of the oldest record not yet consumed.",
             [](const TopicLag& topic) {
               return topic.complete() ? std::optional(seconds(topic.delay.age)) : std::nullopt;
             });
    by_topic("penstock_arrival_rate", "Records that arrive a second, smoothed over the spec's window.",
             [](const TopicLag& topic) { return topic.arrival_rate; });
    by_topic("penstock_consumption_rate", "Records that the group commits a second, smoothed over the spec's window.",
             [](const TopicLag& topic) { return topic.consumption_rate; });
    by_scaler("penstock_desired_replicas", "Replicas as decided.", [](const Entry& entry) {
      return entry.decision.known ? std::optional<std::int64_t>(entry.decision.desired) : std::nullopt;
    });
    by_scaler("penstock_cap", "Replicas that the partitions can feed; absent when there is no cap.",
              [](const Entry& entry) {
                return entry.decision.cap > 0 ? std::optional<std::int64_t>(entry.decision.cap) : std::nullopt;
              });
    left_out("penstock_topics_left_out", "Topics of ConsumerScalers without series of their own: there are too many.",
             topics_);
    if (by_partition_) partitions();
    return std::move(text_);
  }

 private:
  struct Row {
    const Entry* entry;
    std::string labels;
    bool topics_shown, partitions_shown;
  };
  struct Count {
    std::size_t shown = 0, left_out = 0;
    bool take(std::size_t more, std::size_t most) {
      const bool fits = shown + more <= most;
      (fits ? shown : left_out) += more;
      return fits;
    }
  };

  void family(std::string_view name, std::string_view help) { metrics::append_head(text_, name, help); }

  template <class Value>
  void by_topic(std::string_view name, std::string_view help, Value value) {
    family(name, help);
    for (const Row& row : rows_) {
      if (!row.topics_shown) continue;
      for (const scaling::TopicLag& topic : row.entry->topics) {
        const auto number = value(topic);
        if (!number) continue;
        text_.append(name).append("{").append(row.labels).append(",topic=\"");
        metrics::append_escaped(text_, topic.name);
        text_ += "\"} ";
        append_number(text_, *number);
        text_ += '\n';
      }
    }
  }

  template <class Value>
  void by_scaler(std::string_view name, std::string_view help, Value value) {
    family(name, help);
    for (const Row& row : rows_) {
      const auto number = value(*row.entry);
      if (!number) continue;
      text_.append(name).append("{").append(row.labels).append("} ");
      append_number(text_, *number);
      text_ += '\n';
    }
  }

  void partitions() {
    family(kPartitionLag, "Records of a partition not yet consumed by the group.");
    for (const Row& row : rows_) {
      if (!row.partitions_shown) continue;
      for (const scaling::TopicLag& topic : row.entry->topics)
        for (std::size_t p = 0; p < topic.by_partition.size(); ++p) {
          if (topic.by_partition[p] == scaling::TopicLag::kUnknown) continue;
          text_.append(kPartitionLag).append("{").append(row.labels).append(",partition=\"").append(std::to_string(p));
          text_ += "\",topic=\"";
          metrics::append_escaped(text_, topic.name);
          text_ += "\"} ";
          append_number(text_, topic.by_partition[p]);
          text_ += '\n';
        }
    }
    left_out("penstock_partitions_left_out", "Partitions without a series of their own: there are too many.",
             partitions_);
  }

  void left_out(std::string_view name, std::string_view help, const Count& count) {
    family(name, help);
    text_.append(name).append(" ").append(std::to_string(count.left_out)).append("\n");
  }

  std::vector<Row> rows_;
  Count topics_, partitions_;
  bool by_partition_ = false;
  std::string text_;
};

}  // namespace

std::string expose(const Snapshot& snapshot, const SeriesLimits& limits) {
  return Writer(snapshot, limits).run();
}

}  // namespace penstock::scaler
