// The fewest bytes that a type takes at a version: what a count of elements is held against before memory is taken.
#pragma once
#include "field.hpp"

namespace penstock::kafka::wire {

class MinSize {
 public:
  template <class T>
  static std::size_t of(std::int16_t version, bool flexible) {
    MinSize size(version, flexible);
    return size.type<T>(false);
  }

  template <class T>
  void operator()(const char* /*name*/, T& /*member*/, const Field& field = {}) {
    if (field.tag >= 0 || !field.versions.contains(version_)) return;
    sum_ += type<std::remove_const_t<T>>(field.nullable.contains(version_));
  }

 private:
  MinSize(std::int16_t version, bool flexible) : version_(version), flexible_(flexible) {}

  template <class T>
  std::size_t type(bool nullable) const {
    if constexpr (kIsNumber<T>) {
      return sizeof(T);
    } else if constexpr (std::is_same_v<T, Uuid>) {
      return sizeof(Uuid);
    } else if constexpr (std::is_same_v<T, std::string>) {
      return flexible_ ? 1 : 2;
    } else if constexpr (std::is_same_v<T, Bytes> || kIsVector<T>) {
      return flexible_ ? 1 : 4;
    } else if constexpr (kIsOptional<T>) {
      return nullable && kIsStruct<typename T::value_type> ? 1 : type<typename T::value_type>(false);
    } else {
      MinSize fields(version_, flexible_);
      const T blank{};
      T::fields(blank, fields);
      return fields.sum_ + (flexible_ ? 1 : 0);
    }
  }

  std::int16_t version_;
  bool flexible_;
  std::size_t sum_ = 0;
};

}  // namespace penstock::kafka::wire
