// Encodes a message at a version by walking its table. What the version has no place for is left out: a caller chooses
// the version before it fills a message. A null where the version knows none is written as the empty value.
#pragma once
#include "field.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace penstock::kafka::wire {

class Writer {
 public:
  Writer(std::string& out, std::int16_t version, bool flexible) : out_(out), version_(version), flexible_(flexible) {}

  template <class T>
  void operator()(const char* /*name*/, const T& member, const Field& field = {}) {
    if (!field.versions.contains(version_)) return;
    if (field.tag < 0) return value(member, field.nullable.contains(version_));
    if (!is_absent(member, field)) ++tagged_;
  }

  template <class S>
  void message(const S& structure) {
    const std::uint32_t outer = std::exchange(tagged_, 0);
    S::fields(structure, *this);
    if (flexible_) varint(tagged_);
    if (tagged_ > 0) {
      Tagged tagged{*this};
      S::fields(structure, tagged);
    }
    tagged_ = outer;
  }

  template <class N>
  void number(N value) {
    std::array<char, sizeof(N)> bytes;
    auto rest = static_cast<std::make_unsigned_t<N>>(value);
    for (std::size_t i = sizeof(N); i-- > 0; rest = static_cast<decltype(rest)>(static_cast<std::uint64_t>(rest) >> 8U))
      bytes[i] = static_cast<char>(rest & 0xffU);
    out_.append(bytes.data(), bytes.size());
  }

  void varint(std::uint32_t value) {
    for (; value >= 0x80U; value >>= 7U) out_ += static_cast<char>(value | 0x80U);
    out_ += static_cast<char>(value);
  }

  // The classic form, that headers have in every version. Its length has 15 bits, and no name in Kafka is longer: what
  // is longer is cut, so that the frame stays whole.
  void short_string(std::string_view text) {
    text = text.substr(0, std::numeric_limits<std::int16_t>::max());
    number(static_cast<std::int16_t>(text.size()));
    out_.append(text);
  }

 private:
  // The second walk over the few messages that have tagged fields to send.
  struct Tagged {
    Writer& writer;
    template <class T>
    void operator()(const char* /*name*/, const T& member, const Field& field = {}) {
      if (field.tag < 0 || !field.versions.contains(writer.version_) || is_absent(member, field)) return;
      std::string content;
      Writer(content, writer.version_, true).value(member, field.nullable.contains(writer.version_));
      writer.varint(static_cast<std::uint32_t>(field.tag));
      writer.varint(static_cast<std::uint32_t>(content.size()));
      writer.out_ += content;
    }
  };

  template <class T>
  static bool is_absent(const T& member, const Field& field) {
    if constexpr (kIsNumber<T>) {
      return static_cast<std::int64_t>(member) == field.absent;
    } else if constexpr (kIsVector<T>) {
      return member.empty();
    } else {
      return member == T{};
    }
  }

  template <class T>
  void value(const T& member, bool nullable) {
    if constexpr (std::is_same_v<T, bool>) {
      out_ += static_cast<char>(member);
    } else if constexpr (kIsNumber<T>) {
      number(member);
    } else if constexpr (std::is_same_v<T, Uuid>) {
      out_.append(reinterpret_cast<const char*>(member.data.data()), member.data.size());
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (!flexible_) return short_string(member);
      varint(static_cast<std::uint32_t>(member.size() + 1));
      out_ += member;
    } else if constexpr (std::is_same_v<T, Bytes>) {
      length(member.data.size());
      out_ += member.data;
    } else if constexpr (kIsVector<T>) {
      length(member.size());
      for (const auto& element : member) value(element, false);
    } else if constexpr (kIsOptional<T>) {
      if (nullable && !member) return null<typename T::value_type>();
      if constexpr (kIsStruct<typename T::value_type>) {
        if (nullable) number(std::int8_t{1});
      }
      if (member) return value(*member, false);
      value(typename T::value_type{}, false);
    } else {
      message(member);
    }
  }

  void length(std::size_t size) {
    if (flexible_) return varint(static_cast<std::uint32_t>(size + 1));
    number(static_cast<std::int32_t>(size));
  }

  template <class T>
  void null() {
    if constexpr (kIsStruct<T>) {
      number(std::int8_t{-1});
    } else if (flexible_) {
      varint(0);
    } else if constexpr (std::is_same_v<T, std::string>) {
      number(std::int16_t{-1});
    } else {
      number(std::int32_t{-1});
    }
  }

  std::string& out_;
  std::int16_t version_;
  bool flexible_;
  std::uint32_t tagged_ = 0;  // tagged fields of the innermost struct that have something to say
};

}  // namespace penstock::kafka::wire
