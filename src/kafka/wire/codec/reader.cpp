#include "reader.hpp"

namespace penstock::kafka::wire {

std::string Reader::problem() const {
  return (path_.empty() ? std::string() : "field " + path_ + ": ") + why_ + ", at byte " + std::to_string(failed_at_);
}

void Reader::fail(std::string why) {
  if (failed_) return;
  failed_ = true;
  why_ = std::move(why);
  failed_at_ = offset();
}

void Reader::fail_short(std::uint64_t size) {
  fail(std::to_string(size) + " bytes needed, " + std::to_string(left()) + " left");
}

void Reader::fail_count(std::int64_t count) {
  fail(std::to_string(count) + " elements can't be in the " + std::to_string(left()) + " bytes that are left");
}

void Reader::blame(const char* field) {
  path_ = path_.empty() ? std::string(field) : std::string(field) + "." + path_;
}

}  // namespace penstock::kafka::wire
