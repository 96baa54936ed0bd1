// One server stream of gRPC's callback interface, without a thread: whenever something may have changed, pump() sends
// the next message if none is on its way. What is not sent yet is asked for only when it can be sent, so a slow client
// costs no memory.
#pragma once
#include <functional>
#include <memory>
#include <mutex>

#include <grpcpp/grpcpp.h>

namespace penstock::scaler {

template <class Message>
class WriteStream : public grpc::ServerWriteReactor<Message>,
                    public std::enable_shared_from_this<WriteStream<Message>> {
 public:
  // Keeps itself alive until gRPC is done with it, and says so.
  void keep(std::function<void()> on_done) {
    on_done_ = std::move(on_done);
    self_ = this->shared_from_this();
    // At once, so that a client knows that the stream stands before there is anything to say.
    this->StartSendInitialMetadata();
  }

  // Ends before it began, by the next pump().
  void refuse(grpc::Status status) { end_ = std::move(status); }

  void pump() {
    const std::lock_guard lock(mutex_);
    pump_locked();
  }

  // NOLINTBEGIN(readability-identifier-naming): gRPC's names.
  void OnWriteDone(bool ok) final {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (!ok) end_ = grpc::Status(grpc::StatusCode::CANCELLED, "the client has gone");
    pump_locked();
  }
  void OnCancel() final {
    const std::lock_guard lock(mutex_);
    if (!end_) end_ = grpc::Status::CANCELLED;
    pump_locked();
  }
  void OnDone() final {
    on_done_();
    const auto last = std::move(self_);
  }
  // NOLINTEND(readability-identifier-naming)

 protected:
  // From within next(): the stream ends with this.
  void finish(grpc::Status status) { end_ = std::move(status); }

 private:
  // Fills the next message; false when there is none now. One call at a time.
  virtual bool next(Message& message) = 0;

  void pump_locked() {
    if (writing_ || finished_) return;
    message_.Clear();
    if (!end_ && next(message_)) {
      writing_ = true;
      this->StartWrite(&message_);
    } else if (end_) {
      finished_ = true;
      this->Finish(*end_);
    }
  }

  std::mutex mutex_;
  bool writing_ = false, finished_ = false;
  std::optional<grpc::Status> end_;
  Message message_;
  std::function<void()> on_done_;
  std::shared_ptr<WriteStream> self_;
};

}  // namespace penstock::scaler
