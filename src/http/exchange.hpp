// One request under way: the HTTP library's threads fill it, the caller's thread waits on it. Knows no library.
#pragma once
#include <penstock/http/transport.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace penstock::http {

// What the library said when it gave up.
struct Failure {
  int code = 0;  // errno, as far as the library keeps it
  std::string text;
};

class Exchange {
 public:
  using Clock = std::chrono::steady_clock;
  enum class End { kComplete, kFailed, kOutOfTime, kStopped, kTooLarge, kSinkDone };

  // limit: of a body that is collected. streamed: a 2xx body will be relayed, and what comes before its reader does
  // waits.
  Exchange(std::size_t limit, bool streamed) : limit_(limit), streamed_(streamed) {}

  // For the library's threads.
  void on_headers(int status, Headers headers);
  // False: nobody wants the bytes any more. When the reader is behind, resume is kept and called when it has caught up;
  // otherwise it is called at once.
  bool on_body(std::string_view bytes, std::function<void()> resume);
  void on_end(std::optional<Failure> failure);

  // For the caller: until the whole answer is there.
  End collect(Clock::time_point until, std::stop_token stop);
  // For the caller: hands a 2xx body to the sink as it comes, until it ends.
  End relay(const ChunkSink& sink, Duration idle_limit, std::stop_token stop);
  // For the caller, after either: the library may still call, and is answered without effect.
  void abandon();

  // Valid after collect or relay and abandon.
  bool answered() const { return response_.status != 0; }
  const Failure& failure() const { return *failure_; }
  Response& response() { return response_; }

 private:
  const std::size_t limit_;
  const bool streamed_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  Response response_;  // its body is what the caller hasn't taken yet
  bool abandoned_ = false, too_large_ = false, ended_ = false;
  std::optional<Failure> failure_;
  std::function<void()> resume_;
  Clock::time_point last_sign_ = Clock::now();
};

}  // namespace penstock::http
