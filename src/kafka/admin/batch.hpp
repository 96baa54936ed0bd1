// Many requests to one cluster at once, their answers on one queue, within one time limit.
#pragma once
#include "handle.hpp"

#include <cstdint>
#include <functional>
#include <unordered_map>

namespace penstock::kafka {

// One thread.
class Batch {
 public:
  using Start = std::function<void(rd_kafka_t*, rd_kafka_AdminOptions_t*, rd_kafka_queue_t*)>;
  // The event lives as long as the call; an Error is the whole request's.
  using Answer = std::function<void(const Result<const rd_kafka_event_t*>&)>;

  Batch(Handle& handle, Duration timeout);

  // Calls `start` now and `answer` once, from run(); answers may submit more.
  void submit(rd_kafka_admin_op_t operation, const Start& start, Answer answer);
  // Until the time limit; what is unanswered then gets an error.
  void run();
  Duration left() const;

 private:
  struct Waiting {
    Answer answer;
    rd_kafka_admin_op_t operation;
  };

  void give_up(const Error& why);
  bool step(Duration wait);

  Handle& handle_;
  Queue queue_;
  SteadyTime begun_, end_;
  Duration timeout_;
  std::uintptr_t last_id_ = 0;
  std::unordered_map<std::uintptr_t, Waiting> waiting_;
};

}  // namespace penstock::kafka
