// Lag and decisions from penstock-scaler's decision feed: one thread follows it and comes back to it when it ends.
#pragma once
#include <penstock/api/tls_secret.hpp>
#include <penstock/cli/answer.hpp>
#include <penstock/v1/decision_feed.pb.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace grpc {
class ClientContext;
}

namespace penstock::cli {

// The way to a scaler: an address, what to show there, and what must live for it to be one.
struct Route {
  std::string address;  // host:port
  api::TlsSecret identity;
  std::shared_ptr<void> held;
};
using FindRoute = std::function<Result<Route>(const std::stop_token&)>;

struct FeedWish {
  std::string ns{};                  // empty: all
  std::vector<std::string> names{};  // empty: all in it
  Duration timeout = 10s;            // for the first word on everything
};

// What to show of decisions, which come by namespace and name.
using Report = std::function<Answer(const std::vector<v1::Decision>&)>;

class FeedSource final : public Source {
 public:
  // The clock outlives it.
  FeedSource(FindRoute find_route, FeedWish wish, Report report, const Clock& clock);
  ~FeedSource() override;
  FeedSource(const FeedSource&) = delete;
  FeedSource& operator=(const FeedSource&) = delete;

  // Waits for the first word on everything; while the feed can't be heard an error says why.
  Result<Answer> read(std::stop_token stop) override;

 private:
  void follow(const std::stop_token& stop);
  Error listen(const Route& route, const std::stop_token& stop);  // why it ended
  void hear(const v1::Update& update);
  void cancel();
  Answer answer_locked() const;

  const FindRoute find_route_;
  const FeedWish wish_;
  const Report report_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::pair<std::string, std::string>, v1::Decision> decisions_;
  bool synced_ = false;
  std::optional<Error> problem_;
  SteadyTime heard_{};
  grpc::ClientContext* call_ = nullptr;
  std::jthread follower_;  // last: it uses the rest
};

}  // namespace penstock::cli
