#include <penstock/scaler/meters.hpp>

#include <charconv>

namespace penstock::scaler {
namespace {

// Label values in the text format of Prometheus: group names may hold anything.
void append_escaped(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') text += '\\';
    text += c;
  }
}

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
  append_escaped(labels, entry.group_id);
  labels += "\",namespace=\"";
  append_escaped(labels, entry.key.ns);
  labels += "\",scaler=\"";
  append_escaped(labels, entry.key.name);
  labels += '"';
  return labels;
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

class Writer {
 public:
  Writer(const Snapshot& snapshot, std::size_t most_topics) {
    std::size_t topics = 0;
    for (const EntryPtr& entry : snapshot.entries()) {
      // All of one object's topics or none.
      const std::size_t its = entry->topics.size();
      const bool shown = topics + its <= most_topics;
      shown ? topics += its : left_out_ += its;
      rows_.push_back({entry.get(), labels_of(*entry), shown});
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
    family("penstock_topics_left_out", "Topics of ConsumerScalers without series of their own: there are too many.");
    text_ += "penstock_topics_left_out " + std::to_string(left_out_) + '\n';
    return std::move(text_);
  }

 private:
  struct Row {
    const Entry* entry;
    std::string labels;
    bool topics_shown;
  };

  void family(std::string_view name, std::string_view help) {
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name).append(" gauge\n");
  }

  template <class Value>
  void by_topic(std::string_view name, std::string_view help, Value value) {
    family(name, help);
    for (const Row& row : rows_) {
      if (!row.topics_shown) continue;
      for (const scaling::TopicLag& topic : row.entry->topics) {
        const auto number = value(topic);
        if (!number) continue;
        text_.append(name).append("{").append(row.labels).append(",topic=\"");
        append_escaped(text_, topic.name);
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

  std::vector<Row> rows_;
  std::size_t left_out_ = 0;
  std::string text_;
};

}  // namespace

std::string expose(const Snapshot& snapshot, std::size_t most_topics) {
  return Writer(snapshot, most_topics).run();
}

}  // namespace penstock::scaler
