// Prints a message's table, to be held against Kafka's own definition of the message.
#pragma once
#include "field.hpp"

#include <utility>

namespace penstock::kafka::wire {

struct Row {
  std::string path;  // Topics.Partitions.Offset
  std::string type;  // Kafka's name of it; struct and []struct whatever Kafka calls the struct
  Versions versions, nullable;
  int tag = -1;
  std::string initial;  // the default of a number, a bool or a string that can't be null
};

class Describer {
 public:
  template <class S>
  static std::vector<Row> table() {
    Describer describer;
    describer.walk<S>();
    return std::move(describer.rows_);
  }

  template <class T>
  void operator()(const char* name, const T& member, const Field& field = {}) {
    Row row{path_ + name, type_of<T>(), field.versions, field.nullable, field.tag, {}};
    if constexpr (std::is_same_v<T, bool>) {
      row.initial = member ? "true" : "false";
    } else if constexpr (kIsNumber<T>) {
      row.initial = std::to_string(member);
    } else if constexpr (std::is_same_v<T, std::string>) {
      row.initial = member;
    }
    rows_.push_back(std::move(row));
    const std::size_t before = path_.size();
    path_ += std::string(name) + ".";
    descend<T>();
    path_.resize(before);
  }

 private:
  template <class S>
  void walk() {
    const S blank{};
    S::fields(blank, *this);
  }

  template <class T>
  void descend() {
    if constexpr (kIsVector<T> || kIsOptional<T>) {
      descend<typename T::value_type>();
    } else if constexpr (kIsStruct<T>) {
      walk<T>();
    }
  }

  template <class T>
  static std::string type_of() {
    if constexpr (kIsOptional<T>) {
      return type_of<typename T::value_type>();
    } else if constexpr (kIsVector<T>) {
      return "[]" + type_of<typename T::value_type>();
    } else if constexpr (std::is_same_v<T, bool>) {
      return "bool";
    } else if constexpr (kIsNumber<T>) {
      return (std::is_signed_v<T> ? "int" : "uint") + std::to_string(8 * sizeof(T));
    } else if constexpr (std::is_same_v<T, std::string>) {
      return "string";
    } else if constexpr (std::is_same_v<T, Bytes>) {
      return "bytes";
    } else if constexpr (std::is_same_v<T, Uuid>) {
      return "uuid";
    } else {
      return "struct";
    }
  }

  std::vector<Row> rows_;
  std::string path_;
};

}  // namespace penstock::kafka::wire
