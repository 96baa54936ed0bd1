// The vocabulary of message tables: which versions carry a field, and the few types of Kafka's protocol that C++ lacks.
//
// A message is a struct whose static template `fields(self, io)` names each member once, in the order of the protocol:
//
//   struct Topic {
//     std::string name;
//     std::optional<std::string> rack;
//     static void fields(auto& self, auto& io) {
//       io("Name", self.name);
//       io("Rack", self.rack, {.versions = from(1), .nullable = from(1)});
//     }
//   };
//
// `io` is a Writer, a Reader, a MinSize or a Describer. Names are Kafka's own, as its message definitions spell them.
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace penstock::kafka::wire {

inline constexpr std::int16_t kEver = std::numeric_limits<std::int16_t>::max();  // as first version: never

// One kind of request and its answer. A version from `flexible` on has compact lengths and tagged fields (KIP-482).
struct Api {
  std::int16_t key;
  const char* name;
  std::int16_t oldest, newest;  // the versions that we speak
  std::int16_t flexible;        // kEver: none is
};

struct Versions {
  std::int16_t first = 0, last = kEver;
  constexpr bool contains(std::int16_t version) const { return first <= version && version <= last; }
  bool operator==(const Versions&) const = default;
};

constexpr Versions from(std::int16_t first) {
  return {first, kEver};
}
constexpr Versions up_to(std::int16_t last) {
  return {0, last};
}
inline constexpr Versions kNoVersion{kEver, 0};

struct Field {
  Versions versions = {};
  Versions nullable = kNoVersion;
  int tag = -1;             // of a tagged field: those come in the order of their tags, in flexible versions alone
  std::int64_t absent = 0;  // of a tagged number: the default, which isn't sent
};

struct Bytes {
  std::string data;
  bool operator==(const Bytes&) const = default;
};

struct Uuid {
  std::array<std::uint8_t, 16> data{};
  bool operator==(const Uuid&) const = default;
  bool is_zero() const { return *this == Uuid{}; }
  std::string to_string() const;  // as Kafka writes it: 22 characters of unpadded base64url
};

template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <class T>
inline constexpr bool kIsNumber = std::is_arithmetic_v<T>;

template <class T>
inline constexpr bool kIsStruct =
    std::is_class_v<T> && !kIsVector<T> && !kIsOptional<T> && !std::is_same_v<T, std::string> &&
    !std::is_same_v<T, Bytes> && !std::is_same_v<T, Uuid>;

}  // namespace penstock::kafka::wire
