// Strong types for names and numbers that must not be mixed: using TopicName = NamedType<std::string, struct
// TopicNameTag>;
#pragma once
#include <compare>
#include <functional>
#include <utility>

namespace penstock {

template <class Value, class Tag>
class NamedType {
 public:
  NamedType() = default;
  explicit NamedType(Value value) : value_(std::move(value)) {}
  const Value& get() const { return value_; }
  auto operator<=>(const NamedType&) const = default;
  bool operator==(const NamedType&) const = default;

 private:
  Value value_{};
};

}  // namespace penstock

template <class Value, class Tag>
struct std::hash<penstock::NamedType<Value, Tag>> {
  std::size_t operator()(const penstock::NamedType<Value, Tag>& v) const { return std::hash<Value>{}(v.get()); }
};
