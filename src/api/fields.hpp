// Reading an API object without trust and printing one without noise. A Field is a place in a JSON document with its
// path; reading a wrong thing notes "path: must …" and leaves the target as it was, so that one pass finds every fault.
// Absent and null are the same. Unknown fields are nobody's business: the schema may be older or newer than this code.
#pragma once
#include <penstock/base/error.hpp>
#include <penstock/base/json.hpp>
#include <penstock/base/time.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::api {

using Strings = std::vector<std::string>;
using StringMap = std::map<std::string, std::string>;

template <class E>
using Names = std::span<const std::pair<E, std::string_view>>;

template <class E>
std::string_view name_of(E value, Names<E> names) {
  for (const auto& [candidate, name] : names)
    if (candidate == value) return name;
  return names.front().second;
}

class Problems {
 public:
  void add(std::string_view path, std::string_view must);
  void not_an_object(const std::string& path);  // said once for all the fields that are looked for in it
  int count() const { return count_; }
  // What was noted, as an error that no retry can cure; T otherwise.
  template <class T>
  Result<T> or_value(T value) const {
    if (count_ > 0) return fail(Code::kInvalid, text_, Retry::never());
    return value;
  }

 private:
  std::string text_;
  std::optional<std::string> last_not_object_;
  int count_ = 0;
};

class Field {
 public:
  Field(const Json& value, std::string path, Problems& problems);

  Field operator[](std::string_view name) const;
  bool present() const { return value_ != nullptr; }
  const Field& required() const;  // notes an absence
  void wrong(std::string_view must) const { problems_->add(path_, must); }
  const std::string& path() const { return path_; }

  void read(std::string& out) const;
  void read(bool& out) const;
  void read(int& out, std::int64_t least = 0, std::int64_t most = std::numeric_limits<int>::max()) const;
  void read(std::int64_t& out, std::int64_t least = 0,
            std::int64_t most = std::numeric_limits<std::int64_t>::max()) const;
  void read(Duration& out) const;  // positive, at most 366 days
  void read(WallTime& out) const;
  void read(Strings& out) const;
  void read(StringMap& out) const;    // numbers and booleans as Kafka and Kubernetes write them
  void read_object(Json& out) const;  // any object
  void read_list(Json& out) const;    // any list
  void read_quantity(std::string& out) const;

  template <class T>
  void read(std::optional<T>& out) const {
    if (!present()) return;
    T value{};
    const int before = problems_->count();
    read(value);
    if (problems_->count() == before) out = std::move(value);
  }

  template <class E>
  void read(E& out, Names<E> names) const {
    if (const auto text = text_or_wrong(); text) {
      for (const auto& [value, name] : names)
        if (name == *text) {
          out = value;
          return;
        }
      std::string must = "must be one of";
      for (const auto& entry : names) must += (entry == names.front() ? " " : ", ") + std::string(entry.second);
      wrong(must);
    }
  }

  // each(item) for every element of a list.
  template <class Each>
  void for_each(Each each) const {
    if (!present()) return;
    if (!value_->is_array()) return wrong("must be a list");
    for (std::size_t i = 0; i < value_->size(); ++i)
      each(Field((*value_)[i], path_ + "[" + std::to_string(i) + "]", *problems_));
  }

 private:
  std::optional<std::string> text_or_wrong() const;
  std::optional<std::int64_t> number_or_wrong(std::int64_t least, std::int64_t most) const;

  const Json* value_;  // nullptr: absent
  std::string path_;
  Problems* problems_;
};

// Printing: what is empty is left out.
void put(Json& out, const char* key, std::string_view text);
void put(Json& out, const char* key, const Strings& list);
void put(Json& out, const char* key, const StringMap& map);
void put_object(Json& out, const char* key, Json object);
template <class T>
void put_optional(Json& out, const char* key, const std::optional<T>& value) {
  if (value) out[key] = *value;
}

// At most `most` characters of valid UTF-8: a status must not be refused for the text of somebody's error message.
// The bounds of the schemas, so that the API server never refuses a status.
inline constexpr std::size_t kMostLines = 100, kLineLimit = 1024;
std::string clipped(std::string_view text, std::size_t most);
Strings clipped(const Strings& lines, std::size_t most_lines, std::size_t most);

}  // namespace penstock::api
