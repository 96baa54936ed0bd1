// Decodes a message at a version by walking its table. The bytes come from outside: every length is held against what
// is left of the frame before memory is taken, so that an answer takes some 43 times its own size at most, whatever it
// claims: 128 bytes for each group of ListGroups that takes 3. The first thing wrong ends the walk and is kept with the
// field's name and the byte where it was found.
#pragma once
#include "min_size.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace penstock::kafka::wire {

class Reader {
 public:
  Reader(std::string_view bytes, std::int16_t version, bool flexible)
      : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()), version_(version), flexible_(flexible) {}

  template <class T>
  void operator()(const char* name, T& member, const Field& field = {}) {
    if (failed_ || field.tag >= 0 || !field.versions.contains(version_)) return;
    value(member, field.nullable.contains(version_));
    if (failed_) [[unlikely]]
      blame(name);
  }

  template <class S>
  void message(S& structure) {
    S::fields(structure, *this);
    if (!flexible_ || failed_) return;
    for (std::uint32_t count = varint(); count > 0 && !failed_; --count) {
      const std::uint32_t tag = varint();
      const std::uint32_t size = varint();
      if (!has(size)) return;
      Tagged tagged{*this, tag, at_ + size};
      S::fields(structure, tagged);
      if (!failed_) at_ = tagged.end;
    }
  }

  // Tagged fields of which we know none, as a header has them.
  void skip_tagged_fields() {
    Nothing nothing;
    message(nothing);
  }

  template <class N>
  N number() {
    if (!has(sizeof(N))) return 0;
    std::make_unsigned_t<N> value = 0;
    for (std::size_t i = 0; i < sizeof(N); ++i)
      value = static_cast<decltype(value)>(static_cast<std::uint64_t>(value) << 8U | static_cast<std::uint8_t>(at_[i]));
    at_ += sizeof(N);
    return static_cast<N>(value);
  }

  std::uint32_t varint() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const auto byte = number<std::uint8_t>();
      if (shift == 28 && byte > 0x0fU) break;  // a sixth byte, or bits beyond the 32nd
      value |= static_cast<std::uint32_t>(byte & 0x7fU) << shift;
      if (byte < 0x80U) return value;
    }
    fail("a variable-length number of more than 32 bits");
    return 0;
  }

  bool failed() const { return failed_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }
  std::string problem() const;  // "field Topics.Name: 12 bytes needed, 3 left, at byte 40"

 private:
  struct Nothing {
    static void fields(Nothing& /*self*/, auto& /*io*/) {}
  };

  // The walk that looks for the field with one tag, and reads it within its own bounds.
  struct Tagged {
    Reader& reader;
    std::uint32_t tag;
    const char* end;
    template <class T>
    void operator()(const char* name, T& member, const Field& field = {}) {
      if (field.tag < 0 || static_cast<std::uint32_t>(field.tag) != tag || !field.versions.contains(reader.version_))
        return;
      const char* const frame_end = std::exchange(reader.end_, end);
      reader.value(member, field.nullable.contains(reader.version_));
      if (!reader.failed_ && reader.at_ != end) reader.fail("its content is shorter than its size says");
      reader.end_ = frame_end;
      if (reader.failed_) reader.blame(name);
    }
  };

  template <class T>
  void value(T& member, bool nullable) {
    if constexpr (std::is_same_v<T, bool>) {
      member = number<std::uint8_t>() != 0;
    } else if constexpr (kIsNumber<T>) {
      member = number<T>();
    } else if constexpr (std::is_same_v<T, Uuid>) {
      if (!has(member.data.size())) return;
      std::copy(at_, at_ + member.data.size(), member.data.begin());
      at_ += member.data.size();
    } else if constexpr (kIsOptional<T>) {
      if (nullable && is_null<typename T::value_type>())
        member.reset();
      else if (!failed_)
        value(member.emplace(), false);
    } else if constexpr (std::is_same_v<T, std::string>) {
      text(member, flexible_ ? compact_length() : number<std::int16_t>());
    } else if constexpr (std::is_same_v<T, Bytes>) {
      text(member.data, flexible_ ? compact_length() : number<std::int32_t>());
    } else if constexpr (kIsVector<T>) {
      elements(member, flexible_ ? compact_length() : number<std::int32_t>());
    } else {
      message(member);
    }
  }

  void text(std::string& member, std::int64_t size) {
    if (failed_ || refuse_null(size) || !has(static_cast<std::uint64_t>(size))) return;
    member.assign(at_, static_cast<std::size_t>(size));
    at_ += size;
  }

  template <class E>
  void elements(std::vector<E>& member, std::int64_t count) {
    if (failed_ || refuse_null(count)) return;
    const std::size_t room = left() / std::max<std::size_t>(1, MinSize::of<E>(version_, flexible_));
    if (static_cast<std::uint64_t>(count) > room) return fail_count(count);
    member.clear();
    member.reserve(static_cast<std::size_t>(count));
    for (; count > 0 && !failed_; --count) value(member.emplace_back(), false);
  }

  // Looks ahead; steps over a null, and over the byte that says that a struct follows.
  template <class T>
  bool is_null() {
    const char* const before = at_;
    bool null = false;
    if constexpr (kIsStruct<T>) {
      null = number<std::int8_t>() < 0;
      if (!null) return false;
    } else if (flexible_) {
      null = varint() == 0;
    } else if constexpr (std::is_same_v<T, std::string>) {
      null = number<std::int16_t>() < 0;
    } else {
      null = number<std::int32_t>() < 0;
    }
    if (!null) at_ = before;
    return null && !failed_;
  }

  std::int64_t compact_length() { return static_cast<std::int64_t>(varint()) - 1; }

  bool has(std::uint64_t size) {
    if (size <= left()) [[likely]]
      return true;
    fail_short(size);
    return false;
  }

  bool refuse_null(std::int64_t size) {
    if (size < 0) fail("null where a value must be");
    return size < 0;
  }

  void fail(std::string why);
  void fail_short(std::uint64_t size);
  void fail_count(std::int64_t count);
  void blame(const char* field);

  const char* begin_;
  const char* at_;
  const char* end_;
  std::int16_t version_;
  bool flexible_;
  bool failed_ = false;
  std::string why_, path_;
  std::size_t failed_at_ = 0;
};

}  // namespace penstock::kafka::wire
