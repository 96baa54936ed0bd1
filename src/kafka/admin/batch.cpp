#include "batch.hpp"

#include <algorithm>
#include <utility>

namespace penstock::kafka {
namespace {

// How long a wait may last before complaints are looked at again.
constexpr Duration kSlice = 100ms;

int milliseconds(Duration duration) {
  return static_cast<int>(std::clamp<std::int64_t>(duration.count(), 1, 3'600'000));
}

// librdkafka must never give up a request to a group's coordinator that it could not send yet: it would still send it
// when the coordinator appears, from memory that is freed. An hour is the longest that it takes; whoever asks
// coordinators has a handle for that one call.
constexpr Duration kNever = 1h;

bool goes_to_coordinator(rd_kafka_admin_op_t operation) {
  return operation == RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS ||
         operation == RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS;
}

// librdkafka splits these among brokers and puts the parts together again: the whole is no error even when no broker
// was reached.
bool proves_contact(rd_kafka_admin_op_t operation) {
  return operation != RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS && operation != RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS &&
         operation != RD_KAFKA_ADMIN_OP_LISTOFFSETS;
}

}  // namespace

Batch::Batch(Handle& handle, Duration timeout)
    : handle_(handle),
      queue_(rd_kafka_queue_new(handle.get())),
      begun_(SystemClock{}.now()),
      end_(begun_ + timeout),
      timeout_(timeout) {}

Duration Batch::left() const {
  return std::max(Duration{0}, end_ - SystemClock{}.now());
}

void Batch::submit(rd_kafka_admin_op_t operation, const Start& start, Answer answer) {
  const Options options(rd_kafka_AdminOptions_new(handle_.get(), operation));
  // librdkafka gives up a little before we do: its error says what it was waiting for, ours can't.
  const Duration left = this->left();
  const int timeout = milliseconds(goes_to_coordinator(operation) ? kNever : left - std::min(left / 20, Duration{50}));
  char words[128];
  // Can't fail: the value is in range; where an operation has no such option the call is refused, which is right.
  rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout, words, sizeof(words));
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), timeout, words, sizeof(words));
  const std::uintptr_t id = ++last_id_;
  rd_kafka_AdminOptions_set_opaque(options.get(), reinterpret_cast<void*>(id));
  waiting_.emplace(id, Waiting{std::move(answer), operation});
  start(handle_.get(), options.get(), queue_.get());
}

bool Batch::step(Duration wait) {
  const Event event(rd_kafka_queue_poll(queue_.get(), static_cast<int>(wait.count())));
  if (!event) return false;
  const auto found = waiting_.find(reinterpret_cast<std::uintptr_t>(rd_kafka_event_opaque(event.get())));
  if (found == waiting_.end()) return true;
  const auto [answer, operation] = std::move(found->second);
  waiting_.erase(found);
  if (const auto error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    handle_.listen();
    answer(std::unexpected(handle_.explain(error, rd_kafka_event_error_string(event.get()))));
  } else {
    if (proves_contact(operation)) handle_.answered();
    answer(event.get());
  }
  return true;
}

void Batch::run() {
  while (!waiting_.empty()) {
    const Duration rest = left();
    if (step(std::min(rest, kSlice))) continue;
    handle_.listen();
    if (const auto why = handle_.hopeless(begun_)) return give_up(*why);
    if (rest > Duration{0}) continue;
    const std::string silence = "no answer from " + handle_.bootstrap() + " within " + format_duration(timeout_);
    give_up(handle_.explain(RD_KAFKA_RESP_ERR__TIMED_OUT, silence.c_str()));
  }
}

void Batch::give_up(const Error& why) {
  const auto unanswered = std::exchange(waiting_, {});
  for (const auto& [id, waiting] : unanswered) waiting.answer(std::unexpected(why));
}

}  // namespace penstock::kafka
