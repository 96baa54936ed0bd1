// Fills a message with values, none of them a default, that a version can carry: what a round trip must bring back.
#pragma once
#include "wire/codec/field.hpp"

#include <algorithm>

namespace penstock::kafka::wire {

class Filler {
 public:
  // Different seeds give different lengths and nulls.
  Filler(std::int16_t version, unsigned seed) : version_(version), state_(seed * 2654435761U + 1) {}

  template <class T>
  void operator()(const char* /*name*/, T& member, const Field& field = {}) {
    if (!field.versions.contains(version_)) return;
    fill(member, field.nullable.contains(version_));
  }

  template <class S>
  static S filled(std::int16_t version, unsigned seed) {
    S structure;
    Filler filler(version, seed);
    S::fields(structure, filler);
    return structure;
  }

 private:
  unsigned next() { return (state_ = state_ * 1664525U + 1013904223U) >> 8U; }

  template <class T>
  void fill(T& member, bool nullable) {
    if constexpr (std::is_same_v<T, bool>) {
      member = !member;
    } else if constexpr (kIsNumber<T>) {
      const T before = member;
      do
        member = static_cast<T>(static_cast<std::uint64_t>(next()) << 40U | static_cast<std::uint64_t>(next()) << 20U |
                                next());
      while (member == before);
    } else if constexpr (std::is_same_v<T, Uuid>) {
      for (auto& byte : member.data) byte = static_cast<std::uint8_t>(next());
    } else if constexpr (std::is_same_v<T, std::string>) {
      member.assign(1 + next() % 150, static_cast<char>('a' + next() % 26));  // one and two bytes of compact length
    } else if constexpr (std::is_same_v<T, Bytes>) {
      member.data.assign(1 + next() % 150, static_cast<char>(next()));
    } else if constexpr (kIsOptional<T>) {
      if (nullable && next() % 3 == 0) return;
      fill(member.emplace(), false);
    } else if constexpr (kIsVector<T>) {
      member.resize(next() % 4);
      for (auto& element : member) fill(element, false);
    } else {
      T::fields(member, *this);
    }
  }

  std::int16_t version_;
  unsigned state_;
};

}  // namespace penstock::kafka::wire
