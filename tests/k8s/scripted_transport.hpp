// A Transport whose answers a test has written down. A call for which nothing is written waits for its stop.
#pragma once
#include <penstock/http/transport.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace penstock::test {

class ScriptedTransport final : public http::Transport {
 public:
  struct Answer {
    Result<http::Response> response;
    std::vector<std::string> chunks;  // of a stream, before the response
    bool stays_open = false;          // a stream that then goes on, silent, until the stop
  };

  static Answer page(std::string body, int status = 200) { return {http::Response{status, {}, std::move(body)}, {}}; }
  static Answer error(Code code) { return {fail(code, "scripted"), {}}; }
  static Answer stream_of(std::vector<std::string> chunks) { return {http::Response{200, {}, {}}, std::move(chunks)}; }
  static Answer open_stream(std::vector<std::string> chunks) {
    return {http::Response{200, {}, {}}, std::move(chunks), true};
  }

  void then(Answer answer) {
    std::lock_guard lock(mutex_);
    script_.push_back(std::move(answer));
    changed_.notify_all();
  }

  Result<http::Response> send(const http::Request& request, Duration, std::stop_token stop) override {
    const auto answer = next(request, stop);
    return answer ? answer->response : fail(Code::kCancelled, "stopped");
  }

  Result<http::Response> stream(const http::Request& request, const http::ChunkSink& sink, Duration,
                                std::stop_token stop) override {
    const auto answer = next(request, stop);
    if (!answer) return fail(Code::kCancelled, "stopped");
    for (const std::string& chunk : answer->chunks)
      if (!sink(chunk)) return http::Response{200, {}, {}};
    if (answer->stays_open) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [] { return false; });
      return fail(Code::kCancelled, "stopped");
    }
    return answer->response;
  }

  // The targets asked for, once there are so many.
  std::vector<std::string> targets(std::size_t count) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, std::chrono::seconds(20), [&] { return requests_.size() >= count; }));
    std::vector<std::string> out;
    for (const http::Request& request : requests_) out.push_back(request.method + " " + request.target);
    return out;
  }

  std::vector<http::Request> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::optional<Answer> next(const http::Request& request, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    requests_.push_back(request);
    changed_.notify_all();
    if (!changed_.wait(lock, stop, [this] { return !script_.empty(); })) return std::nullopt;
    Answer answer = std::move(script_.front());
    script_.pop_front();
    return answer;
  }

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Answer> script_;
  std::vector<http::Request> requests_;
};

}  // namespace penstock::test
